// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The invariants' parser, always on memory that ends where the view does. */
#include "quic_hdr.h"
#include "test.h"

/* Parses a view of @view octets of @packet. */
static bool parse(struct quic_hdr *hdr, const u8 **data, const u8 *packet,
		  size_t view, size_t len)
{
	*data = guarded(packet, view);
	return quic_hdr_parse(hdr, *data, view, len);
}

/* Must be refused, and nothing written. */
static void refused(const u8 *packet, size_t view, size_t len)
{
	struct quic_hdr hdr, untouched;
	const u8 *data;

	memset(&hdr, 0xa5, sizeof(hdr));
	memset(&untouched, 0xa5, sizeof(untouched));
	assert_false(parse(&hdr, &data, packet, view, len));
	assert_memory_equal(&hdr, &untouched, sizeof(hdr));
}

/* A long header with the lengths given and everything else random. */
static size_t make_long(u8 *packet, u32 version, size_t dcid_len,
			size_t scid_len, size_t payload)
{
	size_t len = 7 + dcid_len + scid_len + payload;

	random_fill(packet, len);
	packet[0] |= 0x80;
	packet[1] = version >> 24;
	packet[2] = version >> 16;
	packet[3] = version >> 8;
	packet[4] = version;
	packet[5] = dcid_len;
	packet[6 + dcid_len] = scid_len;
	return len;
}

static void short_header(void **state)
{
	struct quic_hdr hdr;
	unsigned int first;
	u8 packet[100];
	const u8 *data;

	(void)state;
	/* with the fixed bit (0x40) and without */
	for (first = 0; first < 0x80; first++) {
		random_fill(packet, sizeof(packet));
		packet[0] = first;
		memset(&hdr, 0xa5, sizeof(hdr));
		assert_true(parse(&hdr, &data, packet, 60, sizeof(packet)));
		assert_false(hdr.long_form);
		assert_int_equal(hdr.version, 0);
		assert_ptr_equal(hdr.dcid, data + 1);
		assert_int_equal(hdr.dcid_len, 99);
		assert_int_equal(hdr.dcid_view, 59);
		assert_null(hdr.scid);
		assert_int_equal(hdr.scid_len, 0);
	}
}

static void long_header(void **state)
{
	/* v1, v2, negotiation, a draft, greased, unknown */
	static const u32 versions[] = {
		1, 0x6b3343cf, 0, 0xff00001d, 0x1a2a3a4a, 0xdeadbeef,
	};
	struct quic_hdr hdr;
	unsigned int i, first;
	u8 packet[100];
	const u8 *data;
	size_t len;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		for (first = 0x80; first < 0x100; first++) {
			len = make_long(packet, versions[i], 8, 5, 30);
			packet[0] = first;
			memset(&hdr, 0xa5, sizeof(hdr));
			assert_true(parse(&hdr, &data, packet, len, len));
			assert_true(hdr.long_form);
			assert_int_equal(hdr.version, versions[i]);
			assert_ptr_equal(hdr.dcid, data + 6);
			assert_int_equal(hdr.dcid_len, 8);
			assert_int_equal(hdr.dcid_view, 8);
			assert_ptr_equal(hdr.scid, data + 15);
			assert_int_equal(hdr.scid_len, 5);
		}
}

/*
 * The first octets of the packets in RFC 9001 appendix A, RFC 9369 appendix A and
 * an RFC 9000 Version Negotiation, with the CIDs they have by the RFC's own words.
 */
static void rfc_packets(void **state)
{
	static const struct {
		const char *packet;
		u32 version;
		const char *dcid, *scid;
	} cases[] = {
		/* client Initial */
		{ "c300000001088394c8f03e5157080000449e00000002", 1,
		  "8394c8f03e515708", "" },
		/* server Initial */
		{ "c1000000010008f067a5502a4262b50040750001", 1, "",
		  "f067a5502a4262b5" },
		/* Retry */
		{ "ff000000010008f067a5502a4262b5746f6b656e", 1, "",
		  "f067a5502a4262b5" },
		/* version 2: client Initial, Retry */
		{ "d36b3343cf088394c8f03e5157080000449e00000002", 0x6b3343cf,
		  "8394c8f03e515708", "" },
		{ "cf6b3343cf0008f067a5502a4262b5746f6b656e", 0x6b3343cf, "",
		  "f067a5502a4262b5" },
		/* Version Negotiation, offering both */
		{ "8000000000021234088394c8f03e515708000000016b3343cf", 0,
		  "1234", "8394c8f03e515708" },
	};
	u8 packet[100], cid[20];
	struct quic_hdr hdr;
	const u8 *data;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		len = from_hex(packet, cases[i].packet);
		assert_true(parse(&hdr, &data, packet, len, len));
		assert_true(hdr.long_form);
		assert_int_equal(hdr.version, cases[i].version);
		assert_int_equal(hdr.dcid_len, from_hex(cid, cases[i].dcid));
		assert_int_equal(hdr.dcid_view, hdr.dcid_len);
		assert_memory_equal(hdr.dcid, cid, hdr.dcid_len);
		assert_non_null(hdr.scid);
		assert_int_equal(hdr.scid_len, from_hex(cid, cases[i].scid));
		assert_memory_equal(hdr.scid, cid, hdr.scid_len);
	}
}

static void short_truncated(void **state)
{
	struct quic_hdr hdr;
	size_t len, view;
	u8 packet[60];
	const u8 *data;

	(void)state;
	random_fill(packet, sizeof(packet));
	packet[0] &= 0x7f;
	for (len = 0; len <= sizeof(packet); len++)
		for (view = 0; view <= len; view++) {
			if (!view) {
				refused(packet, view, len);
				continue;
			}
			assert_true(parse(&hdr, &data, packet, view, len));
			assert_ptr_equal(hdr.dcid, data + 1);
			assert_int_equal(hdr.dcid_len, len - 1);
			assert_int_equal(hdr.dcid_view, view - 1);
			assert_null(hdr.scid);
		}
}

/* 6 octets, DCID of 20 (to 26), its length octet, SCID of 20 (to 47), payload. */
static void long_truncated(void **state)
{
	struct quic_hdr hdr;
	size_t len, view;
	u8 packet[60];
	const u8 *data;

	(void)state;
	assert_int_equal(make_long(packet, 1, 20, 20, 13), sizeof(packet));
	for (len = 0; len <= sizeof(packet); len++)
		for (view = 0; view <= len; view++) {
			if (view < 6 || len < 26) {
				refused(packet, view, len);
				continue;
			}
			assert_true(parse(&hdr, &data, packet, view, len));
			assert_true(hdr.long_form);
			assert_int_equal(hdr.version, 1);
			assert_ptr_equal(hdr.dcid, data + 6);
			assert_int_equal(hdr.dcid_len, 20);
			assert_int_equal(hdr.dcid_view,
					 view < 26 ? view - 6 : 20);
			if (view < 47) {
				assert_null(hdr.scid);
				continue;
			}
			assert_ptr_equal(hdr.scid, data + 27);
			assert_int_equal(hdr.scid_len, 20);
		}
}

static void every_dcid_len(void **state)
{
	struct quic_hdr hdr;
	size_t dcid_len, len;
	u8 packet[600];
	const u8 *data;

	(void)state;
	for (dcid_len = 0; dcid_len <= 255; dcid_len++) {
		len = make_long(packet, 1, dcid_len, 4, 10);
		assert_true(parse(&hdr, &data, packet, len, len));
		assert_int_equal(hdr.dcid_len, dcid_len);
		assert_int_equal(hdr.dcid_view, dcid_len);
		assert_ptr_equal(hdr.scid, data + 7 + dcid_len);
		assert_int_equal(hdr.scid_len, 4);
		/* the datagram ends with the DCID; no SCID, still routable */
		len = 6 + dcid_len;
		assert_true(parse(&hdr, &data, packet, len, len));
		assert_int_equal(hdr.dcid_view, dcid_len);
		assert_null(hdr.scid);
		/* one octet short of that */
		refused(packet, len - 1, len - 1);
		/* the director's usual view */
		len = make_long(packet, 1, dcid_len, 4, 40);
		assert_true(parse(&hdr, &data, packet, QUIC_HDR_VIEW_LEN, len));
		assert_int_equal(hdr.dcid_len, dcid_len);
		assert_int_equal(hdr.dcid_view, dcid_len < 20 ? dcid_len : 20);
	}
}

static void every_scid_len(void **state)
{
	struct quic_hdr hdr;
	size_t scid_len, len;
	u8 packet[600];
	const u8 *data;

	(void)state;
	for (scid_len = 0; scid_len <= 255; scid_len++) {
		len = make_long(packet, 1, 8, scid_len, 0);
		assert_true(parse(&hdr, &data, packet, len, len));
		assert_ptr_equal(hdr.scid, data + 15);
		assert_int_equal(hdr.scid_len, scid_len);
		/* says more than there is */
		assert_true(parse(&hdr, &data, packet, len - 1, len - 1));
		assert_int_equal(hdr.dcid_view, 8);
		assert_null(hdr.scid);
		assert_int_equal(hdr.scid_len, 0);
	}
}

/* The same, written as a list of conditions on independent fields. */
static void check_random(const u8 *packet, size_t view, size_t len)
{
	bool is_long, ok, has_scid = false;
	size_t dcid_len = 0, scid_at = 0;
	struct quic_hdr hdr;
	const u8 *data;

	is_long = view > 0 && packet[0] > 127;
	if (is_long && view >= 6)
		dcid_len = packet[5];
	ok = view > 0 && (!is_long || (view >= 6 && 6 + dcid_len <= len));
	if (!ok) {
		refused(packet, view, len);
		return;
	}
	assert_true(parse(&hdr, &data, packet, view, len));
	assert_int_equal(hdr.long_form, is_long);
	assert_int_equal(hdr.dcid_len, is_long ? dcid_len : len - 1);
	assert_in_range(hdr.dcid_view, 0, hdr.dcid_len);
	assert_true(hdr.dcid + hdr.dcid_view <= data + view);
	/* all of the DCID that is there is seen */
	assert_true(hdr.dcid_view == hdr.dcid_len ||
		    hdr.dcid + hdr.dcid_view == data + view);
	if (is_long && view > 6 + dcid_len) {
		scid_at = 7 + dcid_len;
		has_scid = scid_at + packet[scid_at - 1] <= view;
	}
	assert_int_equal(hdr.scid != NULL, has_scid);
	if (has_scid) {
		assert_ptr_equal(hdr.scid, data + scid_at);
		assert_int_equal(hdr.scid_len, packet[scid_at - 1]);
	}
}

static void random_packets(void **state)
{
	u8 packet[300];
	size_t view, len;
	unsigned int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		len = random_below(2) ? random_below(40)
				      : random_below(sizeof(packet));
		view = random_below(2) ? len : random_below(len + 1);
		random_fill(packet, len < 10 ? 10 : len);
		/* else hardly any random length would fit */
		if (random_below(2))
			packet[5] = random_below(24);
		check_random(packet, view, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_header),
		cmocka_unit_test(long_header),
		cmocka_unit_test(rfc_packets),
		cmocka_unit_test(short_truncated),
		cmocka_unit_test(long_truncated),
		cmocka_unit_test(every_dcid_len),
		cmocka_unit_test(every_scid_len),
		cmocka_unit_test(random_packets),
	};

	return cmocka_run_group_tests_name("quic_hdr", tests, NULL, NULL);
}
