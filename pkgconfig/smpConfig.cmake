# Targets: smp::smp (shared) and smp::static (needs libcbor, nettle and libserialport to link).
include("${CMAKE_CURRENT_LIST_DIR}/smpTargets.cmake")
