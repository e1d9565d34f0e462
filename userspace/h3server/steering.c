// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "steering.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

static char error[STEER_ERROR_LEN];

static void refuse_taken(const struct steering *steering)
{
	unsigned int number = steering->options->number;
	struct steer_worker worker;

	if (steer_look(&steering->group, number, &worker) || !worker.live)
		return;
	if (worker.is_known && worker.pid)
		refuse(EXIT_REFUSED, "--worker", "process %u has the number %u", worker.pid, number);
	refuse(EXIT_REFUSED, "--worker", "another process has the number %u", number);
}

void steering_open(struct steering *steering, const struct steering_options *options,
		   struct cid_source *cids)
{
	uint8_t key[STEER_KEY_LEN];
	const char *wrong;

	steering->options = options;
	if (!options->group)
		return;
	if (steer_open(&steering->group, options->group, error) ||
	    steer_key(&steering->group, key, error))
		refuse(EXIT_REFUSED, "--steer", "%s", error);
	refuse_taken(steering);
	cid_set_worker(cids, key, options->number);
	quiclb_wipe(key, sizeof(key));
	wrong = steering_update(steering, cids);
	if (wrong)
		refuse(EXIT_REFUSED, "--steer", "%s", wrong);
}

void steering_join(struct steering *steering, const int *fds, unsigned int n)
{
	int by_family[STEER_FAMILIES] = { -1, -1 };

	if (!steering->options->group)
		return;
	for (unsigned int i = 0; i < n; i++) {
		int domain = AF_INET, *place;
		socklen_t len = sizeof(domain);

		getsockopt(fds[i], SOL_SOCKET, SO_DOMAIN, &domain, &len);
		place = &by_family[domain == AF_INET6 ? STEER_IPV6 : STEER_IPV4];
		if (*place >= 0)
			refuse(EXIT_USAGE, "--listen", "given twice for one family, which --steer does not take");
		*place = fds[i];
	}
	if (steer_join(&steering->group, steering->options->number, getpid(), by_family, error))
		refuse(EXIT_REFUSED, "--steer", "%s", error);
}

const char *steering_update(struct steering *steering, const struct cid_source *cids)
{
	uint8_t len[STEER_CONFIGS];

	if (!steering->options->group)
		return NULL;
	for (unsigned int id = 0; id < STEER_CONFIGS; id++)
		len[id] = quiclb_source_len_of(cids->source, id << 5);
	return steer_set_lengths(&steering->group, steering->options->number, len, error) ?
		error : NULL;
}

const char *steering_drain(struct steering *steering)
{
	if (!steering->options->group)
		return NULL;
	return steer_drain(&steering->group, steering->options->number, error) ? error : NULL;
}

int steering_hand_over(struct steering *steering)
{
	unsigned int number = steering->options->number;
	int successor;

	if (!steering->options->group)
		return -1;
	successor = steer_successor(&steering->group, number);
	if (successor < 0 || steer_give(&steering->group, number, successor, error))
		return -1;
	return successor;
}

void steering_close(struct steering *steering)
{
	if (!steering->options->group)
		return;
	steer_leave(&steering->group, steering->options->number, error);
	steer_close(&steering->group);
}
