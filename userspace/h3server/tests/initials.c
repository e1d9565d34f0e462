// SPDX-License-Identifier: GPL-2.0-only
/*
 * initials SERVER PORT SOURCES COUNT PER-SECOND [--retry] [DCID]
 *
 * Sends the first packets of COUNT connections and then nothing more, from the addresses
 * SOURCES in turn, which are separated by commas and need not be this host's (that takes
 * CAP_NET_ADMIN).  --retry: answers a Retry.  DCID: hex, of all of them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "../ngtcp2_compat.h"

#define SOURCES_MAX	16
#define RETRY_WAIT	2000	/* ms */

struct client {
	ngtcp2_crypto_conn_ref ref;
	ngtcp2_conn *quic;
	gnutls_session_t tls;
	ngtcp2_path path;
};

static gnutls_certificate_credentials_t credentials;
static ngtcp2_cid fixed;

static ngtcp2_conn *get_quic(ngtcp2_crypto_conn_ref *ref)
{
	return ((struct client *)ref->user_data)->quic;
}

static ngtcp2_tstamp clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NGTCP2_SECONDS + now.tv_nsec;
}

static void on_rand(uint8_t *random, size_t len, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	if (gnutls_rnd(GNUTLS_RND_NONCE, random, len))
		abort();
}

static int on_new_cid(ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t len,
		      void *user)
{
	(void)quic, (void)user;
	on_rand(cid->data, len, NULL);
	on_rand(token, NGTCP2_STATELESS_RESET_TOKENLEN, NULL);
	cid->datalen = len;
	return 0;
}

static const ngtcp2_callbacks callbacks = {
	.client_initial = ngtcp2_crypto_client_initial_cb,
	.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
	.encrypt = ngtcp2_crypto_encrypt_cb,
	.decrypt = ngtcp2_crypto_decrypt_cb,
	.hp_mask = ngtcp2_crypto_hp_mask_cb,
	.recv_retry = ngtcp2_crypto_recv_retry_cb,
	.update_key = ngtcp2_crypto_update_key_cb,
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
	.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb,
	.rand = on_rand,
	.get_new_connection_id = on_new_cid,
};

static void new_tls(struct client *client)
{
	static const gnutls_datum_t h3 = { (unsigned char *)"h3", 2 };

	if (gnutls_init(&client->tls, GNUTLS_CLIENT | GNUTLS_NO_AUTO_SEND_TICKET) ||
	    gnutls_priority_set_direct(client->tls,
				       "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE",
				       NULL) ||
	    gnutls_credentials_set(client->tls, GNUTLS_CRD_CERTIFICATE, credentials) ||
	    gnutls_alpn_set_protocols(client->tls, &h3, 1, 0) ||
	    gnutls_server_name_set(client->tls, GNUTLS_NAME_DNS, "localhost", 9) ||
	    ngtcp2_crypto_gnutls_configure_client_session(client->tls))
		errx(2, "TLS");
	client->ref.get_conn = get_quic;
	client->ref.user_data = client;
	gnutls_session_set_ptr(client->tls, &client->ref);
}

static void new_quic(struct client *client)
{
	ngtcp2_transport_params params;
	ngtcp2_cid dcid, scid;
	ngtcp2_settings settings;
	uint8_t token[16];

	new_tls(client);
	on_new_cid(NULL, &dcid, token, 18, NULL);
	on_new_cid(NULL, &scid, token, 17, NULL);
	if (fixed.datalen)
		dcid = fixed;
	ngtcp2_settings_default(&settings);
	settings.initial_ts = clock_now();
	ngtcp2_transport_params_default(&params);
	params.initial_max_streams_uni = 3;	/* HTTP/3 needs them */
	params.initial_max_stream_data_uni = 65536;
	params.initial_max_data = 65536;
	if (ngtcp2_conn_client_new(&client->quic, &dcid, &scid, &client->path,
				   NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params,
				   NULL, client))
		errx(2, "QUIC");
	ngtcp2_conn_set_tls_native_handle(client->quic, client->tls);
}

static void write_packet(struct client *client, int fd)
{
	uint8_t packet[1452];
	ngtcp2_ssize len = ngtcp2_conn_write_pkt(client->quic, NULL, NULL, packet,
						 sizeof(packet), clock_now());

	if (len <= 0)
		errx(2, "no packet: %s", ngtcp2_strerror(len));
	if (send(fd, packet, len, 0) != len)
		err(2, "send");
}

/* A Retry's first octet begins with 1111. */
static void answer_retry(struct client *client, int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	static const ngtcp2_pkt_info info;
	uint8_t answer[2048];
	ssize_t len;

	if (poll(&pollfd, 1, RETRY_WAIT) <= 0)
		return;
	len = recv(fd, answer, sizeof(answer), 0);
	if (len <= 0 || answer[0] >> 4 != 0xf ||
	    ngtcp2_conn_read_pkt(client->quic, &client->path, &info, answer, len,
				 clock_now()))
		return;
	write_packet(client, fd);
}

static int open_source(const char *source, const char *server, const char *port)
{
	struct sockaddr_in from = { .sin_family = AF_INET }, to = from;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	to.sin_port = htons(atoi(port));
	if (fd < 0 || inet_pton(AF_INET, source, &from.sin_addr) != 1 ||
	    inet_pton(AF_INET, server, &to.sin_addr) != 1)
		errx(2, "%s, %s: not addresses", source, server);
	setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(2, "%s", source);
	return fd;
}

static void send_one(int fd, bool retry)
{
	struct sockaddr_in local, remote;
	socklen_t local_len = sizeof(local), remote_len = sizeof(remote);
	struct client client = { 0 };

	if (getsockname(fd, (struct sockaddr *)&local, &local_len) ||
	    getpeername(fd, (struct sockaddr *)&remote, &remote_len))
		err(2, "socket");
	client.path.local.addr = (ngtcp2_sockaddr *)&local;
	client.path.local.addrlen = local_len;
	client.path.remote.addr = (ngtcp2_sockaddr *)&remote;
	client.path.remote.addrlen = remote_len;
	new_quic(&client);
	write_packet(&client, fd);
	if (retry)
		answer_retry(&client, fd);
	ngtcp2_conn_del(client.quic);
	gnutls_deinit(client.tls);
}

int main(int argc, char **argv)
{
	int count, rate, fd, n = 0;
	char *sources[SOURCES_MAX];
	bool retry = false;
	size_t len;

	if (argc < 6)
		errx(2, "usage: see the source");
	count = atoi(argv[4]);
	rate = atoi(argv[5]);
	for (int i = 6; i < argc; i++) {
		len = sizeof(fixed.data);
		if (!strcmp(argv[i], "--retry"))
			retry = true;
		else if (gnutls_hex2bin(argv[i], strlen(argv[i]), fixed.data, &len))
			errx(2, "%s", argv[i]);
		else
			fixed.datalen = len;
	}
	if (gnutls_certificate_allocate_credentials(&credentials))
		errx(2, "TLS");
	while (n < SOURCES_MAX && (sources[n] = strsep(&argv[3], ",")))
		n++;
	for (int i = 0; i < count; i++) {
		fd = open_source(sources[i % n], argv[1], argv[2]);
		send_one(fd, retry);
		close(fd);
		usleep(1000000 / rate);
	}
	gnutls_certificate_free_credentials(credentials);
	return 0;
}
