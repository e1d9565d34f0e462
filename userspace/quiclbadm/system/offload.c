// SPDX-License-Identifier: GPL-2.0-only
#include "system/offload.h"

#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "common/xalloc.h"

enum {
	FEATURES_MAX = 4096,		/* kernels have some 60 */
};

static bool ask(int fd, const char *device, void *request)
{
	struct ifreq ifr = { .ifr_data = request };

	strncpy(ifr.ifr_name, device, sizeof(ifr.ifr_name) - 1);
	return !ioctl(fd, SIOCETHTOOL, &ifr);
}

static uint32_t count_features(int fd, const char *device)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} request = {
		.info.cmd = ETHTOOL_GSSET_INFO,
		.info.sset_mask = UINT64_C(1) << ETH_SS_FEATURES,
	};

	if (!ask(fd, device, &request) || !request.info.sset_mask)
		return 0;
	return request.count < FEATURES_MAX ? request.count : 0;
}

/* Return: its number, @count when there is none of that name. */
static uint32_t find_feature(int fd, const char *device, const char *feature,
			     uint32_t count)
{
	struct ethtool_gstrings *names;
	uint32_t i = count;

	names = xcalloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = count;
	if (ask(fd, device, names))
		for (i = 0; i < count; i++)
			if (!strncmp((char *)names->data + i * ETH_GSTRING_LEN,
				     feature, ETH_GSTRING_LEN))
				break;
	free(names);
	return i;
}

static bool is_active(int fd, const char *device, uint32_t number,
		      uint32_t count)
{
	uint32_t blocks = (count + 31) / 32;
	struct ethtool_gfeatures *features;
	bool active;

	features = xcalloc(1, sizeof(*features) +
			   blocks * sizeof(features->features[0]));
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	active = ask(fd, device, features) &&
		 features->features[number / 32].active >> number % 32 & 1;
	free(features);
	return active;
}

bool offload_is_on(const char *device, const char *feature)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t count, number;
	bool on = false;

	if (fd < 0)
		return false;
	count = count_features(fd, device);
	number = count ? find_feature(fd, device, feature, count) : 0;
	if (number < count)
		on = is_active(fd, device, number, count);
	close(fd);
	return on;
}
