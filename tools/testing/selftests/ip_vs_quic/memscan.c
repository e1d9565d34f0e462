// SPDX-License-Identifier: GPL-2.0-only
/*
 * memscan INVERTED - how often a secret of 16 octets is in the machine's memory.
 *
 * INVERTED is the secret in hex, each octet inverted, so that this program's memory does not
 * contain the secret.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ivq_lab.h"
#include "tool.h"

enum { PAGES_MIN = 10000 };

int main(int argc, char **argv)
{
	struct ivq_lab_scan scan = { .found = 0 };
	int fd = open("/dev/" IVQ_LAB_DEVICE, O_RDWR);

	if (argc != 2 || unhex(scan.inverted, sizeof(scan.inverted), argv[1]) != sizeof(scan.inverted))
		die("usage: memscan INVERTED");
	if (fd < 0 || ioctl(fd, IVQ_LAB_SCAN, &scan))
		die("/dev/%s: %s", IVQ_LAB_DEVICE, strerror(errno));
	if (scan.pages < PAGES_MIN)
		die("there are only %llu pages", (unsigned long long)scan.pages);
	close(fd);
	printf("%llu\n", (unsigned long long)scan.found);
	return 0;
}
