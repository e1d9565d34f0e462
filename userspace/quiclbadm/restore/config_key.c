// SPDX-License-Identifier: GPL-2.0-only
#include "restore/config_key.h"

#include "common/err.h"
#include "model/secret.h"

int config_read_key(const struct service *svc, struct config *config)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	int err;

	err = secret_read_key(config->key_source, config->key);
	if (err)
		return err;
	if (secret_fingerprint(config->key) != config->fingerprint)
		return refuse("%s of %s: %s holds another key now",
			      config_str(config->id, config->tenant, config_name),
			      service_str(&svc->id, name), config->key_source);
	config->have_key = true;
	return 0;
}
