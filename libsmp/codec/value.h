/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars of any width, in and out of struct members.  Inline: a few for every field there is. */
#ifndef SMPI_CODEC_VALUE_H
#define SMPI_CODEC_VALUE_H

#include "codec/table.h"

static inline uint64_t smpi_load_uint(size_t width, const void *member)
{
    switch (width) {
    case 1:
        return *(const uint8_t *)member;
    case 2:
        return *(const uint16_t *)member;
    case 4:
        return *(const uint32_t *)member;
    default:
        return *(const uint64_t *)member;
    }
}

static inline int64_t smpi_load_int(size_t width, const void *member)
{
    switch (width) {
    case 1:
        return *(const int8_t *)member;
    case 2:
        return *(const int16_t *)member;
    case 4:
        return *(const int32_t *)member;
    default:
        return *(const int64_t *)member;
    }
}

/* Reads a scalar member of this kind (BOOL to VALUE) and width. */
static inline void smpi_value_load(enum smp_kind kind, size_t width, const void *member,
                                   struct smp_value *value)
{
    value->kind = kind;
    switch (kind) {
    case SMP_KIND_BOOL:
        value->as.boolean = *(const bool *)member;
        break;
    case SMP_KIND_UINT:
        value->as.uint = smpi_load_uint(width, member);
        break;
    case SMP_KIND_INT:
        value->as.sint = smpi_load_int(width, member);
        break;
    case SMP_KIND_STR:
        value->as.str = *(const struct smp_str *)member;
        break;
    case SMP_KIND_BYTES:
        value->as.bytes = *(const struct smp_bytes *)member;
        break;
    case SMP_KIND_VALUE:
        *value = *(const struct smp_value *)member;
        break;
    default:
        value->kind = SMP_KIND_NONE;
        break;
    }
}

static inline bool smpi_store_bool(void *member, const struct smp_value *value)
{
    if (value->kind == SMP_KIND_BOOL)
        *(bool *)member = value->as.boolean;
    else if (value->kind == SMP_KIND_UINT && value->as.uint <= 1)
        *(bool *)member = value->as.uint == 1;
    else if (value->kind == SMP_KIND_INT && (value->as.sint == 0 || value->as.sint == 1))
        *(bool *)member = value->as.sint == 1;
    else
        return false;
    return true;
}

static inline bool smpi_store_uint(size_t width, void *member, const struct smp_value *value)
{
    uint64_t number = value->as.uint;

    if (value->kind == SMP_KIND_INT && value->as.sint >= 0)
        number = (uint64_t)value->as.sint;
    else if (value->kind != SMP_KIND_UINT)
        return false;
    if (width < 8 && number >> (8 * width))
        return false;
    switch (width) {
    case 1:
        *(uint8_t *)member = (uint8_t)number;
        break;
    case 2:
        *(uint16_t *)member = (uint16_t)number;
        break;
    case 4:
        *(uint32_t *)member = (uint32_t)number;
        break;
    default:
        *(uint64_t *)member = number;
        break;
    }
    return true;
}

static inline bool smpi_store_int(size_t width, void *member, const struct smp_value *value)
{
    int64_t number = value->as.sint;
    int64_t largest = INT64_MAX >> (64 - 8 * width);

    if (value->kind == SMP_KIND_UINT && value->as.uint <= INT64_MAX)
        number = (int64_t)value->as.uint;
    else if (value->kind != SMP_KIND_INT)
        return false;
    if (number > largest || number < -largest - 1)
        return false;
    switch (width) {
    case 1:
        *(int8_t *)member = (int8_t)number;
        break;
    case 2:
        *(int16_t *)member = (int16_t)number;
        break;
    case 4:
        *(int32_t *)member = (int32_t)number;
        break;
    default:
        *(int64_t *)member = number;
        break;
    }
    return true;
}

/*
 * Writes one; false when the value's kind is wrong or the number does not fit.
 * UINT and INT stand for each other where the number fits; BOOL takes the
 * numbers 0 and 1, as old peers send them; VALUE takes anything.
 */
static inline bool smpi_value_store(enum smp_kind kind, size_t width, void *member,
                                    const struct smp_value *value)
{
    switch (kind) {
    case SMP_KIND_BOOL:
        return smpi_store_bool(member, value);
    case SMP_KIND_UINT:
        return smpi_store_uint(width, member, value);
    case SMP_KIND_INT:
        return smpi_store_int(width, member, value);
    case SMP_KIND_STR:
        if (value->kind != SMP_KIND_STR)
            return false;
        *(struct smp_str *)member = value->as.str;
        return true;
    case SMP_KIND_BYTES:
        if (value->kind != SMP_KIND_BYTES)
            return false;
        *(struct smp_bytes *)member = value->as.bytes;
        return true;
    case SMP_KIND_VALUE:
        if (value->kind > SMP_KIND_BYTES && value->kind != SMP_KIND_CBOR)
            return false;
        *(struct smp_value *)member = *value;
        return true;
    default:
        return false;
    }
}

#endif
