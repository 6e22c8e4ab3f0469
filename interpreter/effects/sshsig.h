#pragma once
/* Signatures of OpenSSH (PROTOCOL.sshsig): their armour, and what of the blob is not signed. Whether
 * one holds is for ssh-keygen to say; this only reads whose it claims to be. */

#include "base/buf.h"
#include "base/error.h"

/* What is signed for anything else, a commit or a file, is no approval. */
#define RB_SSHSIG_NAMESPACE "approve.runbook"

enum { RB_FINGERPRINT = 64, RB_SSHSIG_MAX = 16384 };

struct rb_sshsig {
    char key[RB_FINGERPRINT]; /* "SHA256:...", the digest of the key's blob */
    char type[64];            /* of the key: "ssh-ed25519" */
    char name[64];            /* the namespace */
};

/* RB_ERR_INVALID for anything but one whole SSHSIG of version 1 with nothing behind it. */
bool rb_sshsig_read(const void *blob, size_t length, struct rb_sshsig *ret_sig,
                    struct rb_error *err) RB_MUST_CHECK;

/* Appends the blob that stands between the lines of an armour. What follows its last line is not
 * part of it, and ssh-keygen doesn't look at it: only the blob is kept and compared. */
bool rb_sshsig_unarmour(const char *text, size_t length, struct rb_buf *out,
                        struct rb_error *err) RB_MUST_CHECK;
void rb_sshsig_armour(const void *blob, size_t length, struct rb_buf *out);

/* The fingerprint of a public key's blob, whose type is told. RB_ERR_INVALID when it is none. */
bool rb_ssh_key_read(const void *blob, size_t length, char ret_key[RB_FINGERPRINT],
                     char ret_type[64], struct rb_error *err) RB_MUST_CHECK;
