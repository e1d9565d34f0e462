// SPDX-License-Identifier: GPL-2.0-only
#include "diag/capfile.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <pcap/pcap.h>

#include "common/err.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
};

/* How long the frame's own header is and where it has the Ethernet type. */
static const struct link {
	int type;
	size_t len;
	size_t ethertype_at;		/* at @len: there is none, it is all IP */
} links[] = {
	{ DLT_EN10MB, 14, 12 },
	{ DLT_LINUX_SLL, 16, 14 },
	{ DLT_LINUX_SLL2, 20, 0 },
	{ DLT_RAW, 0, 0 },
	{ DLT_IPV4, 0, 0 },
	{ DLT_IPV6, 0, 0 },
	{ DLT_NULL, 4, 4 },
	{ DLT_LOOP, 4, 4 },
};

static const struct link *find_link(int type)
{
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].type == type)
			return &links[i];
	return NULL;
}

/* Return: where the IP header begins, or 0 octets of it in *@len. */
static const uint8_t *strip(const struct link *link, const uint8_t *frame,
			    size_t *len)
{
	const uint8_t *at = frame + link->ethertype_at;
	size_t header = link->len;
	unsigned int type;

	if (*len < header)
		goto none;
	if (link->ethertype_at != link->len) {
		type = at[0] << 8 | at[1];
		while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) {
			if (*len < header + 4)
				goto none;
			at = frame + header + 2;
			type = at[0] << 8 | at[1];
			header += 4;
		}
		if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6)
			goto none;
	}
	*len -= header;
	return frame + header;
none:
	*len = 0;
	return NULL;
}

static int read_frames(pcap_t *pcap, const char *path, capfile_packet_t packet,
		       void *arg)
{
	const struct link *link = find_link(pcap_datalink(pcap));
	struct pcap_pkthdr *header;
	const uint8_t *frame, *ip;
	int got, err = 0;
	size_t len;

	if (!link)
		return refuse("%s: captured from a kind of link that is not known here (%d)",
			      path, pcap_datalink(pcap));
	while (!err && (got = pcap_next_ex(pcap, &header, &frame)) == 1) {
		len = header->caplen;
		ip = strip(link, frame, &len);
		err = packet(ip, len, arg);
	}
	if (!err && got == PCAP_ERROR)
		return refuse("%s: %s", path, pcap_geterr(pcap));
	return err;
}

int capfile_read(const char *path, capfile_packet_t packet, void *arg)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap;
	int err;

	pcap = pcap_open_offline(path, why);
	/* libpcap puts the path in front when it cannot be opened */
	if (!pcap && !strncmp(why, path, strlen(path)))
		return refuse("%s", why);
	if (!pcap)
		return refuse("%s: %s", path, why);
	err = read_frames(pcap, path, packet, arg);
	pcap_close(pcap);
	return err;
}
