# Targets: smp::smp (shared) and smp::static (needs libcbor and nettle to link).
include("${CMAKE_CURRENT_LIST_DIR}/smpTargets.cmake")
