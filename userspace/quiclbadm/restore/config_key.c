// SPDX-License-Identifier: GPL-2.0-only
#include "restore/config_key.h"

#include "common/err.h"
#include "model/secret.h"

int config_check_named(const struct service *svc, const struct config *config)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];

	if (!config->keyed || config->key_source)
		return 0;
	return refuse("%s of %s: its key came from standard input, and there is no file to name",
		      config_str(config->id, config->tenant, config_name),
		      service_str(&svc->id, name));
}

int config_read_key(const struct service *svc, struct config *config)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	int err = config_check_named(svc, config);

	if (err)
		return err;
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

int config_check_savable(const struct service *svc, struct config *config,
			 bool keys)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	const char *c;

	if (!config->keyed)
		return 0;
	service_str(&svc->id, name);
	config_str(config->id, config->tenant, config_name);
	for (c = config->key_source; c && *c; c++)
		if ((unsigned char)*c < ' ')
			return refuse("%s of %s: a control character in the path of its key",
				      config_name, name);
	return keys ? config_read_key(svc, config) : 0;
}
