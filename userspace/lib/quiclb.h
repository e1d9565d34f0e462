/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libquiclb: QUIC-LB connection IDs for servers behind a director,
 * draft-ietf-quic-load-balancers.  See quiclb(3).
 *
 * A server makes one config from what its operator gave to the director as well
 * (ID, lengths, key), and calls quiclb_mint() wherever its QUIC library asks for
 * a connection ID: the first one, the one in a Retry, and every one in a
 * NEW_CONNECTION_ID frame.  A server without a config calls
 * quiclb_mint_unroutable().
 *
 * All lengths are octets.  Functions that return int return 0 or a negative
 * errno; on error nothing has been written to any output.
 *
 * Threads: a config may be shared; quiclb_mint() is lock-free and never gives a
 * nonce to two threads.  Only quiclb_config_free() must be the last use.
 * Processes: after a fork(), parent and child go on with different nonces.
 *
 * A server whose operator writes configs down as lines needs less: quiclb_source_open()
 * reads them, quiclb_source_mint() makes CIDs, quiclb_source_reload() rotates.
 */
#ifndef QUICLB_H
#define QUICLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library is built with everything else hidden. */
#pragma GCC visibility push(default)

#define QUICLB_KEY_LEN			16
#define QUICLB_CONFIG_ID_MAX		6	/* section "Config Rotation" */
#define QUICLB_SERVER_ID_LEN_MAX	15
#define QUICLB_NONCE_LEN_MAX		18
#define QUICLB_CID_LEN_MAX		20
#define QUICLB_UNROUTABLE_LEN_MIN	8	/* section "Configuration Failover" */
#define QUICLB_WORKER_KEY_LEN		16
#define QUICLB_WORKER_MAX		255
#define QUICLB_RESET_TOKEN_LEN		16	/* RFC 9000, section 10.3 */
#define QUICLB_ERROR_LEN		512	/* of a sentence, its NUL included */

/**
 * enum quiclb_flags - options of a config
 * @QUICLB_F_SELF_LEN: the first octet tells the CID's length, section "Length
 *	Self-Description"; otherwise its five low bits are random
 */
enum quiclb_flags {
	QUICLB_F_SELF_LEN = 1 << 0,
};

/*
 * The flags' bits 24 to 31 are the number of an algorithm, that of the director's
 * IP_VS_QUIC_A_CFG_ALGORITHM.  0 is the draft's: plaintext, single-pass or four-pass, by
 * key and lengths.  1 is a layout of CIDs that are not QUIC-LB's, which only the director
 * has.  Further ones get further numbers; unknown ones are refused.
 */
#define QUICLB_F_ALGORITHM(number)	((unsigned int)(number) << 24)
#define QUICLB_ALGORITHM_DRAFT		0

/* One QUIC-LB configuration and the counter of the nonces used with it. */
struct quiclb_config;

/**
 * quiclb_config_new() - make a config
 * @id: config rotation codepoint, 0..6
 * @server_id_len: 1..15
 * @nonce_len: 4..18, together with @server_id_len at most 19
 * @flags: enum quiclb_flags and QUICLB_F_ALGORITHM(), or'ed
 * @key: QUICLB_KEY_LEN octets, or NULL for the plaintext algorithm, which lets
 *	 any observer read the server ID
 * @error: set to a phrase that says what is wrong, in static memory; may be NULL
 *
 * The key is expanded here; the caller wipes its own copy, see quiclb_wipe().
 *
 * A config with a key starts its nonces at a random point.  Two servers, or two
 * runs of one, that use one key *and* one server ID may overlap: by chance with a
 * short nonce, so give every process a server ID of its own or take a long nonce
 * (section "Connection ID Entropy").
 *
 * Return: the config, or NULL with errno EINVAL, ENOMEM or what getrandom(2)
 * fails with.
 */
struct quiclb_config *quiclb_config_new(unsigned int id,
					unsigned int server_id_len,
					unsigned int nonce_len,
					unsigned int flags, const uint8_t *key,
					const char **error);

/* Wipes the expanded key, then frees.  @config may be NULL. */
void quiclb_config_free(struct quiclb_config *config);

/* Octets in every CID of @config: 1 + server ID + nonce, 6..20. */
size_t quiclb_cid_len(const struct quiclb_config *config);

/**
 * quiclb_mint() - make a fresh CID
 * @config: the config
 * @server_id: as many octets as the config's server ID length
 * @cid: QUICLB_CID_LEN_MAX octets of room; quiclb_cid_len() are of use
 *
 * With a key the nonce is a counter, so that none is ever used twice; without a
 * key nonces are visible and thus random (section "Server Actions").
 *
 * Return: 0; -EOVERFLOW when all nonces have been used, then and ever after: the
 * server must get a new config, or go on with quiclb_mint_unroutable() (section
 * "Connection ID Entropy"); or what getrandom(2) fails with.
 */
int quiclb_mint(struct quiclb_config *config, const uint8_t *server_id,
		uint8_t *cid);

/**
 * quiclb_nonces_left() - how many CIDs can still be minted
 * @config: the config
 *
 * For monitoring: a new config has to be deployed before they are used up.
 *
 * Return: at most UINT64_MAX, and always that for a config without a key.
 */
uint64_t quiclb_nonces_left(const struct quiclb_config *config);

/**
 * quiclb_mint_unroutable() - make a CID for a server that has no config
 * @cid: @cid_len octets of room
 * @cid_len: QUICLB_UNROUTABLE_LEN_MIN..QUICLB_CID_LEN_MAX; 6 and 7 are taken, too, for a
 *	     server whose short nonces are used up and whose CIDs must keep their length
 *
 * The config ID is 0b111, the length is self-described, the rest random (section
 * "Configuration Failover").  Give a client only one of these per connection and
 * send it the disable_active_migration transport parameter.
 *
 * Return: 0, -EINVAL, or what getrandom(2) fails with.
 */
int quiclb_mint_unroutable(uint8_t *cid, size_t cid_len);

/**
 * quiclb_encode() - make the CID for a given nonce
 * @config: the config; its own nonces are not touched
 * @server_id: as many octets as the config's server ID length
 * @nonce: as many octets as the config's nonce length
 * @random_bits: low five bits of the first octet, unless QUICLB_F_SELF_LEN
 * @cid: QUICLB_CID_LEN_MAX octets of room
 *
 * For tools and for servers that manage their nonces themselves: a nonce used
 * twice with one key and one server ID gives the same CID twice.
 */
void quiclb_encode(const struct quiclb_config *config, const uint8_t *server_id,
		   const uint8_t *nonce, uint8_t random_bits, uint8_t *cid);

/**
 * quiclb_decode() - read a CID
 * @config: the config
 * @cid: the CID
 * @cid_len: its length; longer than the config's is fine, the rest is ignored
 * @server_id: room for the config's server ID length
 * @nonce: room for the config's nonce length, or NULL
 *
 * Anything decodes to some server ID; whether it is one of yours is for you to
 * see.
 *
 * Return: 0; -ENOENT when the CID carries another config ID; -EMSGSIZE when it
 * is shorter than the config's.
 */
int quiclb_decode(const struct quiclb_config *config, const uint8_t *cid,
		  size_t cid_len, uint8_t *server_id, uint8_t *nonce);

/**
 * quiclb_fingerprint() - name a key without giving it away
 * @config: the config
 * @fingerprint: the number that the director shows for the same key
 *
 * Return: false when the config has no key.
 */
bool quiclb_fingerprint(const struct quiclb_config *config,
			uint32_t *fingerprint);

/**
 * quiclb_parse_key() - read a key as people write it
 * @key: set on success
 * @text: 32 hex digits of either case; white space is ignored
 * @len: of @text, which need not end in NUL
 * @error: as for quiclb_config_new()
 *
 * Neither time nor memory accesses depend on the digits' values.
 *
 * Return: 0 or -EINVAL.
 */
int quiclb_parse_key(uint8_t key[QUICLB_KEY_LEN], const char *text, size_t len,
		     const char **error);

/**
 * quiclb_parse_server_id() - read a server ID as people write it
 * @server_id: QUICLB_SERVER_ID_LEN_MAX octets of room
 * @server_id_len: set on success, 1..15
 * @text: two hex digits per octet, of either case; white space is ignored
 * @error: as for quiclb_config_new()
 *
 * Return: 0 or -EINVAL.
 */
int quiclb_parse_server_id(uint8_t *server_id, size_t *server_id_len,
			   const char *text, const char **error);

/*
 * --- Sources: what a server mints from, read from lines ---
 *
 * A line is ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE], for instance
 *
 *	0:0a01:8:/etc/quiclb.key	config ID 0, server ID 0a01, nonces of 8 octets
 *	1:0a01:8,self-len		plaintext; the first octet tells the length
 *
 * KEY-FILE has 32 hex digits; others than its owner and group must not be able to read it,
 * and only the owner to write it.  A plaintext config and one with a key must not have the same
 * server ID (section "Configuration Agent Actions").
 */

/* Up to seven configs: the last mints, all of them decode. */
struct quiclb_source;

/* One thread's share of a source. */
struct quiclb_generator;

/**
 * quiclb_source_open() - read one config or a file of configs
 * @spec: a line as above; or, if it does not begin with a digit, the path of a file with
 *	  such lines, empty ones and "#" comments.  The last one mints: to rotate, append a
 *	  line, reload, and remove the old line when the director says that its CIDs are
 *	  unseen.
 * @error: QUICLB_ERROR_LEN octets of room for a sentence about a failure, or NULL
 *
 * Return: the source, or NULL with errno set.
 */
struct quiclb_source *quiclb_source_open(const char *spec, char *error);

/* No generator may be used any more.  @source may be NULL. */
void quiclb_source_free(struct quiclb_source *source);

/**
 * quiclb_source_reload() - read the files again, without a restart
 * @source: the source; what it has stays when this fails
 * @error: as for quiclb_source_open()
 *
 * A config that is still there goes on with its nonces.  Where quiclb_source_check() now
 * says QUICLB_CID_OLD, the server gives its client a new CID and retires the old one
 * (NEW_CONNECTION_ID with Retire Prior To, section "Config Rotation").
 *
 * Return: 1 if another config mints now, 0 if not, or a negative errno.
 */
int quiclb_source_reload(struct quiclb_source *source, char *error);

/**
 * quiclb_source_use_state() - keep nonces apart over restarts, by a file
 * @source: the source, before it mints
 * @path: of this process alone.  It is written anew at every 65,536th CID, when it is on the disk
 *	  before the next one is minted.
 * @error: as for quiclb_source_open()
 *
 * Without this, a server starts at a random nonce: of 8 octets or more, two runs do not
 * meet in practice; shorter ones may.  If the file cannot be written later, the source acts as
 * if the nonces were used up.
 *
 * Return: 0, or a negative errno.
 */
int quiclb_source_use_state(struct quiclb_source *source, const char *path, char *error);

/**
 * quiclb_source_set_worker() - tell apart the processes that share a server ID
 * @source: the source, before it mints, and before quiclb_source_use_state()
 * @key: QUICLB_WORKER_KEY_LEN random octets, the same for all processes behind an address of
 *	 this host, and for no other host
 * @worker: this process's number, 0..QUICLB_WORKER_MAX
 *
 * A director brings a datagram to the host that the server ID names.  What distributes them
 * to processes there need not know the configs' keys: an octet at the end of each CID, for
 * which the director's config has no use, is the worker's number XOR a keyed hash of the
 * octets before it (section "Server Process Demultiplexing").  The first
 * octet of each nonce is the number, too, so that no two workers make the same CID; that
 * leaves 256 times fewer nonces.  The successor of a process takes its number, and with
 * it the connections.  The first octet cannot tell a length that the director does not know of.
 *
 * Return: 0; -EINVAL if a config has self-len or CIDs of 20 octets, or @worker is too large;
 * -EBUSY if it is too late.
 */
int quiclb_source_set_worker(struct quiclb_source *source,
			     const uint8_t key[QUICLB_WORKER_KEY_LEN],
			     unsigned int worker);

/**
 * quiclb_worker_of() - which worker has minted a CID
 * @key: as for quiclb_source_set_worker()
 * @cid: the CID
 * @cid_len: its octets, 1 or more; of a short header's CID, quiclb_source_len_of()
 *
 * Any octets give some number.
 */
unsigned int quiclb_worker_of(const uint8_t key[QUICLB_WORKER_KEY_LEN], const uint8_t *cid,
			      size_t cid_len);

/* Octets of the CIDs that are minted now, 6..20. */
size_t quiclb_source_cid_len(struct quiclb_source *source);

/*
 * Has the config that mints a key?  Without one, anyone on the path can link a client's CIDs.
 * Then a server SHOULD NOT send CIDs in NEW_CONNECTION_ID frames, but for one after a rotation
 * (section "Security Considerations").
 */
bool quiclb_source_encrypts(struct quiclb_source *source);

/**
 * quiclb_source_mint() - make a fresh CID
 * @source: the source
 * @cid: QUICLB_CID_LEN_MAX octets of room
 * @cid_len: set to the CID's octets
 *
 * When all nonces of the newest config are used up, CIDs with config ID 0b111 of the same
 * length are made, which the director routes by address (section "Connection ID
 * Entropy"); tell the operator.
 *
 * Return: 0; 1 if the CID is one with 0b111; or a negative errno.
 */
int quiclb_source_mint(struct quiclb_source *source, uint8_t *cid, size_t *cid_len);

/*
 * Octets of a CID of this server's, by its first octet, for reading short headers; 0 if
 * there is no such config.
 */
size_t quiclb_source_len_of(struct quiclb_source *source, uint8_t first_octet);

enum quiclb_cid_state {
	QUICLB_CID_FOREIGN,	/* no config and server ID of this source */
	QUICLB_CID_OLD,		/* of an earlier config: to be retired */
	QUICLB_CID_CURRENT,	/* of the config that mints */
};

/* What a CID is to this server. */
enum quiclb_cid_state quiclb_source_check(struct quiclb_source *source,
					  const uint8_t *cid, size_t cid_len);

/**
 * quiclb_source_nonces_left() - how many CIDs the newest config can still make
 *
 * For monitoring: a server SHOULD tell its operator in time (section "Connection ID
 * Entropy").
 */
uint64_t quiclb_source_nonces_left(struct quiclb_source *source);

/**
 * quiclb_source_set_reset_secret() - what stateless reset tokens are made from
 * @source: the source
 * @secret: of this server alone, the same after a restart, at least 16 random octets.
 *	    Servers of a pool share the keys of NEW_TOKEN tokens and of TLS tickets, so that
 *	    any of them can resume a client, but never this one: a token of one server's
 *	    must not be had from another (section "Stateless Reset Oracle").
 * @len: of @secret, 16 or more
 *
 * Return: 0, or -EINVAL.
 */
int quiclb_source_set_reset_secret(struct quiclb_source *source,
				   const uint8_t *secret, size_t len);

/**
 * quiclb_source_reset_token() - the stateless reset token of a CID
 * @source: the source, with a secret
 * @cid: the CID of a packet of no known connection
 * @cid_len: its octets; more than the config's are ignored
 * @token: QUICLB_RESET_TOKEN_LEN octets of room
 *
 * Each config has a key of its own for this, derived from the secret, config ID, server ID
 * and the config's key: a CID of an earlier config has the token that it had when it was
 * minted as long as the source has that config, after a restart too.  CIDs with 0b111 may
 * be sent to several servers: their tokens are of this process only.
 *
 * Return: 0; -ENOENT if the CID is of none of the configs; -ENOKEY without a secret.
 */
int quiclb_source_reset_token(struct quiclb_source *source, const uint8_t *cid,
			      size_t cid_len, uint8_t *token);

/**
 * quiclb_generator_new() - a share of a source for one thread
 * @source: must outlive the generator
 *
 * A generator takes nonces by the hundred, so that threads do not contend for the counter.
 * Only one thread may use it at a time.
 *
 * Return: the generator, or NULL with errno ENOMEM.
 */
struct quiclb_generator *quiclb_generator_new(struct quiclb_source *source);

/* Nonces that it took and did not use are lost.  @generator may be NULL. */
void quiclb_generator_free(struct quiclb_generator *generator);

/* As quiclb_source_mint(); notices a reload and a fork(). */
int quiclb_generator_mint(struct quiclb_generator *generator, uint8_t *cid,
			  size_t *cid_len);

/* Zeroes memory in a way that the compiler does not drop. */
void quiclb_wipe(void *memory, size_t len);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* QUICLB_H */
