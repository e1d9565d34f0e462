// SPDX-License-Identifier: GPL-2.0-only
/* Packets, captures, and "explain" of a saved configuration. */
#include "capture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "model/packet.h"

#define KEY "8f95f09245765f80256934e50c66207f"

/* Octets from hex, on the heap in their exact length: a read beyond is seen. */
struct octets {
	uint8_t *data;
	size_t len;
};

static struct octets octets(const char *hex)
{
	struct octets o = { .len = strlen(hex) / 2 };
	size_t i;

	o.data = malloc(o.len ? o.len : 1);
	assert_non_null(o.data);
	for (i = 0; i < o.len; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &o.data[i]), 1);
	return o;
}

/*
 * 198.51.100.7:5000 to 192.0.2.1:443, and in IPv6 2001:db8:c::7 to 2001:db8::1, with
 * the datagram 00c4605e4504cc4f5c
 */
#define DATAGRAM "138801bb00110000" "00c4605e4504cc4f5c"
#define IN_V4 "4500002500004000401100" "00" "c6336407" "c0000201" DATAGRAM
#define IN_V6 "6000000000111140" "20010db8000c00000000000000000007" \
	"20010db8000000000000000000000001" DATAGRAM
/* 10.0.0.1 to 10.0.0.12 */
#define OUTER_V4(length, protocol) "4500" length "0000400040" protocol "0000" \
	"0a000001" "0a00000c"
#define OUTER_V6(length, protocol) "60000000" length protocol "40" \
	"fd000010000000000000000000000001" "fd00001000000000000000000000000c"

static const struct {
	const char *hex;
	const char *src, *dst;
	enum tunnel tunnel;
	const char *outer_dst;
	size_t at;
} packets[] = {
	{ IN_V4, "198.51.100.7:5000", "192.0.2.1:443", TUNNEL_NONE, NULL, 0 },
	{ IN_V6, "[2001:db8:c::7]:5000", "[2001:db8::1]:443", TUNNEL_NONE,
	  NULL, 0 },
	{ OUTER_V4("0039", "04") IN_V4, "198.51.100.7:5000", "192.0.2.1:443",
	  TUNNEL_IPIP, "10.0.0.12:0", 20 },
	{ OUTER_V4("004d", "29") IN_V6, "[2001:db8:c::7]:5000",
	  "[2001:db8::1]:443", TUNNEL_IPIP, "10.0.0.12:0", 20 },
	{ OUTER_V6("0025", "04") IN_V4, "198.51.100.7:5000", "192.0.2.1:443",
	  TUNNEL_IPIP, "[fd00:10::c]:0", 40 },
	{ OUTER_V4("003d", "2f") "00000800" IN_V4, "198.51.100.7:5000",
	  "192.0.2.1:443", TUNNEL_GRE, "10.0.0.12:0", 24 },
	{ OUTER_V4("0041", "2f") "8000080012340000" IN_V4, "198.51.100.7:5000",
	  "192.0.2.1:443", TUNNEL_GRE, "10.0.0.12:0", 28 },
	{ OUTER_V4("0045", "11") "9c4017c000310000" "00040000" IN_V4,
	  "198.51.100.7:5000", "192.0.2.1:443", TUNNEL_GUE, "10.0.0.12:6080",
	  32 },
	/* a tunnel that IPVS does not make, with a key: not looked into */
	{ OUTER_V4("0041", "2f") "2000080000000001" IN_V4, "10.0.0.1:0",
	  "10.0.0.12:0", TUNNEL_NONE, NULL, 0 },
};

static void tunnels(void **state)
{
	char text[ENDPOINT_STRLEN];
	struct packet p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct octets o = octets(packets[i].hex);

		assert_true(packet_parse(o.data, o.len, &p));
		assert_string_equal(endpoint_str(&p.src, text), packets[i].src);
		assert_string_equal(endpoint_str(&p.dst, text), packets[i].dst);
		assert_int_equal(p.tunnel, packets[i].tunnel);
		assert_int_equal(p.at, packets[i].at);
		if (packets[i].outer_dst) {
			assert_string_equal(endpoint_str(&p.outer_dst, text),
					    packets[i].outer_dst);
			assert_true(p.is_udp);
			assert_int_equal(p.len, 9);
			assert_int_equal(p.view, 9);
			assert_int_equal(p.payload[8], 0x5c);
		}
		free(o.data);
	}
}

/* Once out of the tunnel, the outer headers are what precedes in memory. */
static void what_was_around(void **state)
{
	char text[ENDPOINT_STRLEN];
	struct packet whole, p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct octets o = octets(packets[i].hex);

		assert_true(packet_parse(o.data, o.len, &whole));
		assert_true(packet_parse(o.data + whole.at, o.len - whole.at,
					 &p));
		p.at = whole.at;
		packet_find_outer(o.data, o.len, &p);
		assert_int_equal(p.tunnel, packets[i].tunnel);
		if (packets[i].outer_dst)
			assert_string_equal(endpoint_str(&p.outer_dst, text),
					    packets[i].outer_dst);
		free(o.data);
	}
}

/* Less is there than its headers say: nothing behind it is looked at. */
static void what_was_around_is_cut(void **state)
{
	struct packet whole, p;
	size_t i, len, header;

	(void)state;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct octets o = octets(packets[i].hex);

		assert_true(packet_parse(o.data, o.len, &whole));
		header = o.data[whole.at] >> 4 == 6 ? 40 : 20;
		for (len = whole.at + header; len < o.len; len++) {
			uint8_t *part = malloc(len);

			assert_non_null(part);
			memcpy(part, o.data, len);
			assert_true(packet_parse(part + whole.at,
						 len - whole.at, &p));
			p.at = whole.at;
			packet_find_outer(part, len, &p);
			assert_int_equal(p.tunnel, packets[i].tunnel);
			free(part);
		}
		free(o.data);
	}
}

/* Where the datagram begins when headers have options, and there are headers between. */
static const struct {
	const char *hex;
	enum tunnel tunnel;
	size_t at;
} optional[] = {
	/* IPv4 with an option of four octets, of eight */
	{ "4600002900004000401100" "00" "c6336407" "c0000201" "01010100" DATAGRAM,
	  TUNNEL_NONE, 0 },
	{ "4700002d00004000401100" "00" "c6336407" "c0000201" "0101010101010100"
	  DATAGRAM, TUNNEL_NONE, 0 },
	/* in IPIP whose outer header has one */
	{ "4600003d0000400040040000" "0a000001" "0a00000c" "01010100" IN_V4,
	  TUNNEL_IPIP, 24 },
	/* GUE with one word of optional fields, with two */
	{ OUTER_V4("0049", "11") "9c4017c000350000" "01040000" "00000000" IN_V4,
	  TUNNEL_GUE, 36 },
	{ OUTER_V4("004d", "11") "9c4017c000390000" "02040000" "0000000000000000"
	  IN_V4, TUNNEL_GUE, 40 },
	/* hop-by-hop options of eight octets, and of sixteen */
	{ "6000000000190040" "20010db8000c00000000000000000007"
	  "20010db8000000000000000000000001" "1100010400000000" DATAGRAM,
	  TUNNEL_NONE, 0 },
	{ "6000000000210040" "20010db8000c00000000000000000007"
	  "20010db8000000000000000000000001" "1101010c000000000000000000000000"
	  DATAGRAM, TUNNEL_NONE, 0 },
	/* a first fragment's header, behind destination options */
	{ "6000000000213c40" "20010db8000c00000000000000000007"
	  "20010db8000000000000000000000001" "2c00010400000000"
	  "1100000100000001" DATAGRAM, TUNNEL_NONE, 0 },
};

static void options(void **state)
{
	struct packet p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
		struct octets o = octets(optional[i].hex);

		assert_true(packet_parse(o.data, o.len, &p));
		assert_int_equal(p.tunnel, optional[i].tunnel);
		assert_int_equal(p.at, optional[i].at);
		assert_true(p.is_udp);
		assert_int_equal(p.dst.port, 443);
		assert_int_equal(p.len, 9);
		assert_int_equal(p.payload[8], 0x5c);
		free(o.data);
	}
}

static void truncated(void **state)
{
	struct packet p;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct octets o = octets(packets[i].hex);

		for (len = 0; len < o.len; len++) {
			uint8_t *part = malloc(len ? len : 1);

			assert_non_null(part);
			memcpy(part, o.data, len);
			if (packet_parse(part, len, &p) && p.is_udp)
				assert_true(p.view <= p.len);
			free(part);
		}
		free(o.data);
	}
}

static void not_datagrams(void **state)
{
	static const char *const hexes[] = {
		"", "45", "05" "000000", "75000025",
		/* not the first fragment */
		"4500002500000001401100" "00" "c6336407" "c0000201" DATAGRAM,
		/* TCP */
		"4500002500004000400600" "00" "c6336407" "c0000201" DATAGRAM,
		/* a fragment of IPv6 */
		"6000000000192c40" "20010db8000c00000000000000000007"
		"20010db8000000000000000000000001" "1100000800000001" DATAGRAM,
	};
	struct packet p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hexes) / sizeof(hexes[0]); i++) {
		struct octets o = octets(hexes[i]);

		assert_false(packet_parse(o.data, o.len, &p) && p.is_udp);
		free(o.data);
	}
}

/* The length of UDP's header cannot be right: the datagram is empty, as for the director. */
static void wrong_lengths(void **state)
{
	struct octets o = octets("4500002500004000401100" "00" "c6336407"
				 "c0000201" "138801bbffff0000" "00c4605e4504cc4f5c");
	struct packet p;

	(void)state;
	assert_true(packet_parse(o.data, o.len, &p));
	assert_true(p.is_udp);
	assert_int_equal(p.len, 0);
	assert_int_equal(p.view, 0);
	/* more came than the IP header says: padding */
	o.data[24] = 0;
	o.data[25] = 0x10;
	assert_true(packet_parse(o.data, o.len, &p));
	assert_int_equal(p.len, 8);
	free(o.data);
}

static const char *saved(void)
{
	static char path[128];
	const char *key = temp_file("key", KEY, 0600);
	char text[2048];

	snprintf(text, sizeof(text),
		 "-A -u 192.0.2.1:443\n"
		 "config add -u 192.0.2.1:443 --id 0 --server-id-len 3 --nonce-len 4\n"
		 "config add -u 192.0.2.1:443 --id 0 --tenant 1 --server-id-len 3 --nonce-len 4 --key-file %s\n"
		 "config add -u 192.0.2.1:443 --id 1 --server-id-len 2 --nonce-len 4 --check-length\n"
		 "-a -u 192.0.2.1:443 -r 10.0.0.11 -i --server-id c4605e --server-id 1:0a01\n"
		 "-a -u 192.0.2.1:443 -r 10.0.0.12 -m --server-id ed793a --server-id 1:0b*\n"
		 "server-id add -u 192.0.2.1:443 -r 10.0.0.13 --absent --server-id 000001\n"
		 "-A -u [2001:db8::1]:443 -s rr\n", key);
	strcpy(path, temp_file("saved", text, 0600));
	return path;
}

static void explain(const char *operand, const char *options)
{
	char line[1024];
	int len;

	/* temp_file() forgets */
	len = snprintf(line, sizeof(line), "explain %s", operand);
	snprintf(line + len, sizeof(line) - (size_t)len, " --saved %s %s",
		 saved(), options);
	run(line);
}

/* One datagram in hex, and how its line ends. */
static void hex_datagrams(void **state)
{
	static const struct {
		const char *hex;
		const char *line;
	} cases[] = {
		{ "00c4605e4504cc4f5c5c",
		  "short dcid=00c4605e4504cc4f config=0 server-id=c4605e routed server=10.0.0.11:443" },
		/* the second tenant's, encrypted: draft, vector 2 */
		{ "c0000000010820" "20b1d07b359d3c00" "00",
		  "long version=0x1 dcid=2020b1d07b359d3c config=1 server-id=20b1 unroutable-length: the length the CID encodes or has cannot be right" },
		{ "400720b1d07b359d3c",
		  "short dcid=0720b1d07b359d3c config=0 tenant=1 server-id=ed793a deferred server=10.0.0.12:443: CID names a masqueraded server: takes an entry for replies" },
		{ "4000000001010203045c",
		  "short dcid=0000000101020304 config=0 server-id=000001 unroutable-server server=10.0.0.13:443: the server that has the server ID is not in the pool" },
		{ "4026" "0a01" "01020304",
		  "short dcid=260a0101020304 config=1 server-id=0a01 routed server=10.0.0.11:443" },
		{ "4027" "0b77" "01020304",
		  "short dcid=270b7701020304 config=1 server-id=0b77 deferred server=10.0.0.12:443: CID names a masqueraded server: takes an entry for replies" },
		{ "c1ff00ff00" "03" "5f1122" "00",
		  "long version=0xff00ff00 dcid=5f1122 unroutable-config: no config has the CID's config ID or layout" },
		{ "40e0",
		  "short dcid=e0 unroutable-reserved: config ID 0b111: minted by a server without a config" },
		{ "c000000001" "03" "ff1122" "00",
		  "long version=0x1 dcid=ff1122 unroutable-reserved: config ID 0b111: by chance, as in every eighth connection ID that a client makes up for its first datagrams, or minted by a server without a config" },
		{ "4020010203", "short dcid=20010203 config=1 unroutable-short: CID shorter than its config" },
		{ "40", "short dcid= unroutable-short: CID shorter than its config" },
		{ "c000000001", "malformed: no QUIC header: empty or truncated datagram" },
	};
	char wanted[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* the first octet of a short header is not of the DCID */
		bool bare = !strncmp(cases[i].hex, "00c4", 4);
		char hex[64];

		snprintf(hex, sizeof(hex), "%s%s", bare ? "40" : "",
			 cases[i].hex);
		explain(hex, "");
		snprintf(wanted, sizeof(wanted), "1: 192.0.2.1:443: %s\n",
			 cases[i].line);
		assert_string_equal(ran_err, "");
		assert_string_equal(ran_out, wanted);
		assert_int_equal(ran_status, 0);
	}
	assert_int_equal(fake.calls, 0);
}

static void put32(FILE *file, uint32_t value)
{
	assert_int_equal(fwrite(&value, sizeof(value), 1, file), 1);
}

/* A capture of @count frames given in hex. */
static const char *capture(uint32_t link, const char *const *frames, size_t count)
{
	const char *path = temp_file("capture.pcap", "", 0600);
	FILE *file = fopen(path, "w");
	size_t i;

	assert_non_null(file);
	put32(file, 0xa1b2c3d4);
	put32(file, 4 << 16 | 2);
	put32(file, 0);
	put32(file, 0);
	put32(file, 65535);
	put32(file, link);
	for (i = 0; i < count; i++) {
		struct octets o = octets(frames[i]);

		put32(file, 0);
		put32(file, 0);
		put32(file, (uint32_t)o.len);
		put32(file, (uint32_t)o.len);
		assert_int_equal(fwrite(o.data, 1, o.len, file), o.len);
		free(o.data);
	}
	fclose(file);
	return path;
}

#define MACS "0200000000010200000000fe"
#define ROUTED "198.51.100.7:5000 > 192.0.2.1:443: short dcid=c4605e4504cc4f5c unroutable-config: no config has the CID's config ID or layout"

static void captures(void **state)
{
	static const struct {
		uint32_t link;
		const char *frame;
	} links[] = {
		{ 1, MACS "0800" IN_V4 "0000000000" },
		{ 1, MACS "8100" "0007" "0800" IN_V4 },
		{ 1, MACS "88a8" "0007" "8100" "0008" "0800" IN_V4 },
		{ 1, MACS "0800" OUTER_V4("0039", "04") IN_V4 },
		{ 113, "0000" "0001" "0006" "0200000000010000" "0800" IN_V4 },
		{ 276, "0800" "0000" "00000002" "0001" "00" "06" "0200000000010000" IN_V4 },
		{ 101, IN_V4 },
		{ 0, "02000000" IN_V4 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		explain(capture(links[i].link, &links[i].frame, 1), "");
		assert_string_equal(ran_err, "");
		assert_memory_equal(ran_out, "1: " ROUTED, strlen("1: " ROUTED));
	}
}

static void others(void **state)
{
	static const char *const frames[] = {
		MACS "0806" "0001", MACS, "", MACS "8100" "00",
		MACS "0800" IN_V4, MACS "86dd" IN_V6,
	};

	(void)state;
	explain(capture(1, frames, 6), "");
	assert_memory_equal(ran_out, "5: " ROUTED, strlen("5: " ROUTED));
	assert_non_null(strstr(ran_out, "\n5 of 6 frames are no datagram to such a service.\n"));
	assert_null(strstr(ran_out, "\n6: "));
	/* rr is not ours, even when it is named */
	explain(capture(1, frames, 6), "-u [2001:db8::1]:443");
	assert_string_equal(ran_out, "6 of 6 frames are no datagram to such a service.\n");
	explain(capture(1, frames, 6), "-j");
	assert_string_equal(ran_out,
			    "{\"frame\":5,\"client\":{\"address\":\"198.51.100.7\",\"port\":5000},"
			    "\"service\":{\"protocol\":\"udp\",\"address\":\"192.0.2.1\",\"port\":443},"
			    "\"form\":\"short\",\"dcid\":\"c4605e4504cc4f5c\",\"outcome\":\"unroutable-config\","
			    "\"meaning\":\"no config has the CID's config ID or layout\","
			    "\"hashed\":{\"address\":\"10.0.0.11\",\"port\":443}}\n");
}

static void refusals(void **state)
{
	static const char *const frames[] = { "" };

	(void)state;
	says(2, "explain: the capture or datagram is missing", "explain");
	says(1, "/nowhere/x.pcap: No such file or directory",
	     "explain /nowhere/x.pcap");
	explain("abc", "");
	assert_string_equal(ran_err, "Error: explain abc: an odd number of hex digits.\n");
	assert_int_equal(ran_status, 2);
	explain(temp_file("not.pcap", "no capture, that", 0600), "");
	assert_non_null(strstr(ran_err, "not.pcap: "));
	assert_int_equal(ran_status, 1);
	explain(capture(147, frames, 1), "");
	assert_non_null(strstr(ran_err, "captured from a kind of link that is not known here (147)"));
	explain("40", "-u 192.0.2.9:443");
	assert_non_null(strstr(ran_err, "saved: no service 192.0.2.9:443 in it"));
	says(1, "/nowhere/saved: No such file or directory",
	     "explain 40 --saved /nowhere/saved");
	says(1, "explain: there is no service with scheduler quic", "explain 40");
}

/* The kernel is asked, and what it does not take into account is. */
static void live(void **state)
{
	(void)state;
	done("-A -u 192.0.2.1:443");
	done("config add -u 192.0.2.1:443 --id 1 --server-id-len 2 --nonce-len 4 --check-length");
	done("explain 40200a0101020304 -u 192.0.2.1:443");
	assert_string_equal(ran_out, "1: 192.0.2.1:443: short dcid=200a0101020304 config=0 tenant=10 routed\n");
	done("-A -u 192.0.2.2:443");
	says(2, "explain: there are several services; -u or -f", "explain 40");
}

static int begin(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tunnels),
		TEST(what_was_around),
		TEST(what_was_around_is_cut),
		TEST(options),
		TEST(truncated),
		TEST(not_datagrams),
		TEST(wrong_lengths),
		TEST(hex_datagrams),
		TEST(captures),
		TEST(others),
		TEST(refusals),
		TEST(live),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
