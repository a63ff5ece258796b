/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/fields.h"

static const struct smp_field device_error_fields[] = {
    SMPI_FIELD(smpi_device_error, "group", group),
    SMPI_FIELD(smpi_device_error, "rc", rc),
};
const struct smp_message smpi_device_error = SMPI_MESSAGE(smpi_device_error, device_error_fields);
