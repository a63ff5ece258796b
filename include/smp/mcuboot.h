/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * MCUboot image files: header, TLVs, version, hash; and the trailer of a slot.
 * Needs no loop and no device.  Any thread.
 * @see MCUboot documentation, "Bootloader": image format, image trailer
 */
#ifndef SMP_MCUBOOT_H
#define SMP_MCUBOOT_H

#include <smp/export.h>
#include <smp/transfer.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SMP_MCUBOOT_MAGIC 0x96f3b83du
#define SMP_MCUBOOT_HEADER_SIZE 32u
/** Room for any version as text: "255.255.65535.4294967295" and its NUL. */
#define SMP_MCUBOOT_VERSION_MAX 26u
/** Largest hash: SHA-512. */
#define SMP_MCUBOOT_HASH_MAX 64u

/** Flags in the header. */
enum smp_mcuboot_flag {
    SMP_MCUBOOT_PIC = 0x1,
    SMP_MCUBOOT_ENCRYPTED_AES128 = 0x4,
    SMP_MCUBOOT_ENCRYPTED_AES256 = 0x8,
    SMP_MCUBOOT_NON_BOOTABLE = 0x10,
    SMP_MCUBOOT_RAM_LOAD = 0x20,
    SMP_MCUBOOT_ROM_FIXED = 0x100,
    SMP_MCUBOOT_COMPRESSED_LZMA1 = 0x200,
    SMP_MCUBOOT_COMPRESSED_LZMA2 = 0x400,
    SMP_MCUBOOT_COMPRESSED_ARM_THUMB = 0x800,
};

/** Types of TLV. */
enum smp_mcuboot_tlv_type {
    SMP_MCUBOOT_TLV_KEYHASH = 0x01,
    SMP_MCUBOOT_TLV_PUBKEY = 0x02,
    SMP_MCUBOOT_TLV_SHA256 = 0x10,
    SMP_MCUBOOT_TLV_SHA384 = 0x11,
    SMP_MCUBOOT_TLV_SHA512 = 0x12,
    SMP_MCUBOOT_TLV_RSA2048_PSS = 0x20,
    SMP_MCUBOOT_TLV_ECDSA224 = 0x21,
    SMP_MCUBOOT_TLV_ECDSA_SIG = 0x22,
    SMP_MCUBOOT_TLV_RSA3072_PSS = 0x23,
    SMP_MCUBOOT_TLV_ED25519 = 0x24,
    SMP_MCUBOOT_TLV_SIG_PURE = 0x25,
    SMP_MCUBOOT_TLV_ENC_RSA2048 = 0x30,
    SMP_MCUBOOT_TLV_ENC_KW = 0x31,
    SMP_MCUBOOT_TLV_ENC_EC256 = 0x32,
    SMP_MCUBOOT_TLV_ENC_X25519 = 0x33,
    SMP_MCUBOOT_TLV_ENC_X25519_SHA512 = 0x34,
    SMP_MCUBOOT_TLV_DEPENDENCY = 0x40,
    SMP_MCUBOOT_TLV_SEC_CNT = 0x50,
    SMP_MCUBOOT_TLV_BOOT_RECORD = 0x60,
    SMP_MCUBOOT_TLV_DECOMP_SIZE = 0x70,
    SMP_MCUBOOT_TLV_DECOMP_SHA = 0x71,
    SMP_MCUBOOT_TLV_DECOMP_SIGNATURE = 0x72,
    SMP_MCUBOOT_TLV_COMP_DEC_SIZE = 0x73,
    SMP_MCUBOOT_TLV_UUID_VID = 0x74,
    SMP_MCUBOOT_TLV_UUID_CID = 0x75,
    SMP_MCUBOOT_TLV_UUID_VID_OLD = 0x80,
    SMP_MCUBOOT_TLV_UUID_CID_OLD = 0x81,
};

struct smp_mcuboot_version {
    uint8_t major;
    uint8_t minor;
    uint16_t revision;
    uint32_t build;
};

/** What a file looks like by its first bytes. */
enum smp_mcuboot_file {
    SMP_MCUBOOT_FILE_IMAGE = 0,   /**< A MCUboot image. */
    SMP_MCUBOOT_FILE_OLD = 1,     /**< A MCUboot image of the obsolete first format. */
    SMP_MCUBOOT_FILE_HEX = 2,     /**< Intel HEX. */
    SMP_MCUBOOT_FILE_ELF = 3,
    SMP_MCUBOOT_FILE_ZIP = 4,
    SMP_MCUBOOT_FILE_RAW = 5,     /**< Looks like bare firmware: an ARM vector table. */
    SMP_MCUBOOT_FILE_UNKNOWN = 6,
    SMP_MCUBOOT_FILE_EMPTY = 7,
    SMP_MCUBOOT_FILE_UF2 = 8,
    SMP_MCUBOOT_FILE_SREC = 9,    /**< Motorola S-record. */
};

/** What an image file holds. */
struct smp_mcuboot_image {
    size_t size;                   /**< sizeof(struct smp_mcuboot_image), set by the caller. */
    enum smp_mcuboot_file file;    /**< Also set when the file is refused. */
    uint32_t load_address;
    uint16_t header_size;          /**< Bytes, 32 or more. */
    uint32_t image_size;           /**< Bytes without header and TLVs. */
    uint16_t protected_size;       /**< Bytes of the protected TLV area, 0: none. */
    uint32_t tlv_offset;           /**< Where the unprotected TLV area begins. */
    uint32_t tlv_size;             /**< Bytes of it. */
    uint32_t end;                  /**< Where the last TLV ends; what follows is padding or a trailer. */
    uint32_t flags;                /**< enum smp_mcuboot_flag */
    struct smp_mcuboot_version version;
    uint16_t hash_type;            /**< SMP_MCUBOOT_TLV_SHA256, _SHA384 or _SHA512. */
    uint8_t hash_len;              /**< 32, 48 or 64. */
    uint8_t hash[SMP_MCUBOOT_HASH_MAX]; /**< As the TLV says: what image state lists. */
    bool hash_good;                /**< Set by smp_mcuboot_image_check(). */
    bool is_signed;                /**< A signature TLV is there: see smp_mcuboot_signature_check(). */
    bool has_trailer;              /**< The file ends with a trailer's magic (imgtool --pad). */
    const char *problem;           /**< On error: a plain sentence, static; NULL: nothing wrong. */
};

/**
 * Parses an image: header and TLVs, not the hash.
 * @param source  The file; `read` may not say SMP_ERR_AGAIN.
 * @param image   In: size.  Out: what was found; `file` and `problem` also on error.
 * @retval SMP_ERR_NOT_IMAGE  not a MCUboot image: image->file says what it is.
 * @retval SMP_ERR_MALFORMED  the header or a TLV is wrong, or the file is cut short.
 * @retval SMP_ERR_TOO_LARGE  the source is longer than 2^32-1 bytes.
 * @retval SMP_ERR_SOURCE     reading failed.
 * @since 0.1
 */
SMP_API int smp_mcuboot_image_read(const struct smp_source *source,
                                   struct smp_mcuboot_image *image);

/**
 * Parses an image, recomputes its hash, and the SHA-256 of the whole source,
 * in one pass over it.
 *
 * The hash of an encrypted image covers what only the device can decrypt: such
 * an image is accepted, and hash_good stays false.
 * @param sha  Out: 32 bytes, SHA-256 of all source->length bytes (what an upload carries);
 *             may be NULL, and then what follows the image is not read.
 * @retval SMP_ERR_CORRUPT  the hash does not match (@p sha is set all the same).
 * @retval as smp_mcuboot_image_read()
 * @since 0.1
 */
SMP_API int smp_mcuboot_image_check(const struct smp_source *source,
                                    struct smp_mcuboot_image *image, uint8_t *sha);

/**
 * Checks that an image is signed with a key: ECDSA (P-256, P-384), Ed25519 (also over the whole
 * image, which then is read into memory), RSA-PSS (2048 to 4096 bits).
 * @param source  The file, as given to smp_mcuboot_image_check().
 * @param image   As that found it.
 * @param pem     The public key in PEM form, as `imgtool getpub -e pem` writes it; @p len bytes.
 * @retval SMP_ERR_SIGNATURE    no signature in it was made with that key.
 * @retval SMP_ERR_INVALID      not a public key, or an argument is wrong.
 * @retval SMP_ERR_UNSUPPORTED  a key of another kind.
 * @retval SMP_ERR_CORRUPT      the image's hash was not checked, or is wrong.
 * @retval SMP_ERR_TOO_LARGE, SMP_ERR_NO_MEMORY, SMP_ERR_MALFORMED, SMP_ERR_SOURCE
 * @since 0.1
 */
SMP_API int smp_mcuboot_signature_check(const struct smp_source *source,
                                        const struct smp_mcuboot_image *image, const char *pem,
                                        size_t len);

/** One TLV. */
struct smp_mcuboot_tlv {
    size_t size;        /**< sizeof, set by the caller. */
    uint16_t type;      /**< enum smp_mcuboot_tlv_type, or a vendor's. */
    uint16_t len;       /**< Bytes of data. */
    uint32_t offset;    /**< Of the data in the file. */
    bool is_protected;  /**< Covered by the hash. */
};

/**
 * Walks the TLVs of a parsed image.
 * @param cursor  In: 0 for the first; out: for the next.
 * @retval SMP_ERR_NOT_FOUND  no more.
 * @retval SMP_ERR_MALFORMED, SMP_ERR_SOURCE
 * @since 0.1
 */
SMP_API int smp_mcuboot_tlv_next(const struct smp_source *source,
                                 const struct smp_mcuboot_image *image, uint32_t *cursor,
                                 struct smp_mcuboot_tlv *tlv);

/** @return "SHA256", "ECDSA_SIG", ...; NULL when not known.  @since 0.1 */
SMP_API const char *smp_mcuboot_tlv_name(uint16_t type);

/** @return a plain sentence naming what the file is and what to use instead; never NULL.  @since 0.1 */
SMP_API const char *smp_mcuboot_file_text(enum smp_mcuboot_file file);

/** "1.2.3", or "1.2.3.4" when build is not 0.  @p text has room for SMP_MCUBOOT_VERSION_MAX.  @since 0.1 */
SMP_API void smp_mcuboot_version_text(const struct smp_mcuboot_version *version, char *text);
/** @return <0, 0 or >0, by major, minor, revision, build.  @since 0.1 */
SMP_API int smp_mcuboot_version_compare(const struct smp_mcuboot_version *a,
                                        const struct smp_mcuboot_version *b);

/** @name The trailer of a slot
 * @{ */

/** Bytes from the magic to the swap info, with max-align 8. */
#define SMP_MCUBOOT_TRAILER_SIZE 40u

enum smp_mcuboot_swap {
    SMP_MCUBOOT_SWAP_NONE = 1,
    SMP_MCUBOOT_SWAP_TEST = 2,
    SMP_MCUBOOT_SWAP_PERM = 3,
    SMP_MCUBOOT_SWAP_REVERT = 4,
    SMP_MCUBOOT_SWAP_FAIL = 5,
};

/** The end of a slot, read.  Flags: 1 set, 0xff unset, all else bad. */
struct smp_mcuboot_trailer {
    bool magic_good;   /**< MCUboot's magic is there. */
    uint8_t image_ok;
    uint8_t copy_done;
    uint8_t swap_info; /**< Bits 0-3 enum smp_mcuboot_swap, 4-7 image number. */
};

/** Reads the last SMP_MCUBOOT_TRAILER_SIZE bytes of a slot (max-align 8).  @since 0.1 */
SMP_API void smp_mcuboot_trailer_decode(const uint8_t *last, struct smp_mcuboot_trailer *trailer);
/** What MCUboot will do at the next boot, by the trailers alone (not swap-offset).  @since 0.1 */
SMP_API enum smp_mcuboot_swap smp_mcuboot_swap_type(const struct smp_mcuboot_trailer *primary,
                                                    const struct smp_mcuboot_trailer *secondary);
/** The 16 bytes of magic for max-align 8.  @since 0.1 */
SMP_API const uint8_t *smp_mcuboot_trailer_magic(void);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
