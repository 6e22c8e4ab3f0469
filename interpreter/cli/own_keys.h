#pragma once
/* Whose keys are at hand: who runs a run must not approve it. */

#include "base/value.h"

/* {keys, people}: the fingerprints of the public keys in ~/.ssh and of those that the agent holds, as
 * far as they are in the file of signers (`lines`, effects/signers.h), and who they are there. An agent
 * that doesn't answer is asked for no longer than two seconds. */
const struct rb_value *rb_own_keys(const struct rb_value *lines);

/* The keys themselves: a list of maps of key (fingerprint), public (the line) and, where the public key
 * is in a file, path (of the private one beside it). */
const struct rb_value *rb_own_keys_list(void);

/* The public key in a file of one line, "ssh-ed25519 AAAA... comment": its fingerprint. */
bool rb_own_key_read(const char *text, size_t length, char ret_key[64]);
