/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of the lists of output/json.h, for objects that have them too. */
#ifndef _QUICLBADM_OUTPUT_JSON_PARTS_H
#define _QUICLBADM_OUTPUT_JSON_PARTS_H

#include <jansson.h>

#include "model/model.h"

/* The fields of a config, without what is counted. */
json_t *config_fields_json(const struct config *config);

/* A name; of a number without one the number as text, so that a field has one type. */
json_t *name_json(const char *name, uint32_t number);

/* Those that matter. */
json_t *settings_json(const struct service *svc);

#endif /* _QUICLBADM_OUTPUT_JSON_PARTS_H */
