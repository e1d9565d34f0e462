// SPDX-License-Identifier: GPL-2.0-only
#include "driver/fit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>

/* Lines of "name | number | device"; without the file there are no VLANs. */
static bool has_vlans(const char *device)
{
	FILE *in = fopen("/proc/net/vlan/config", "re");
	char line[256], under[IFNAMSIZ];
	bool found = false;

	while (in && !found && fgets(line, sizeof(line), in))
		found = sscanf(line, "%*s | %*u | %15s", under) == 1 &&
			!strcmp(under, device);
	if (in)
		fclose(in);
	return found;
}

static bool strips_tags(const char *device)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq request = { .ifr_data = (void *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known;

	if (fd < 0)
		return false;
	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	known = !ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return known && value.data & ETH_FLAG_RXVLAN;
}

/* A part of the kernel itself has its types in the kernel's. */
static bool is_module_without_types(void)
{
	return !access("/sys/module/ip_vs_quic/initstate", F_OK) &&
	       access("/sys/kernel/btf/ip_vs_quic", F_OK);
}

const char *unfit(const char *device)
{
	if (access("/sys/kernel/btf/vmlinux", F_OK))
		return "the kernel was built without BTF";
	if (is_module_without_types())
		return "the module ip_vs_quic was built without BTF";
	if (has_vlans(device) && strips_tags(device))
		return "it strips the tags of its VLANs, which XDP then does not see (ethtool -K DEVICE rxvlan off)";
	return NULL;
}
