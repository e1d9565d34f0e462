// SPDX-License-Identifier: GPL-2.0-only
/* -A, -E, -D, -Z, set: services. */
#include <errno.h>
#include <string.h>

#include "cli/build.h"
#include "cmd/cmd.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "restore/record.h"

static int put_service(uint8_t cmd, const struct service *svc)
{
	int err = ipvs_put_service(cmd, svc);

	return err ? kernel_service_refusal(cmd, err, svc) : 0;
}

int cmd_add_service(const struct args *args)
{
	struct service svc;
	int err = build_service(args, &svc);

	if (!err)
		err = put_service(IPVS_CMD_NEW_SERVICE, &svc);
	/* what an earlier one had is not missed in this one */
	if (!err)
		record_note(&svc.id, NULL, 0);
	return err;
}

/* ipvsadm's -E, but a scheduler that is not named stays. */
int cmd_edit_service(const struct args *args)
{
	struct state state;
	struct service svc;
	int err;

	err = build_service(args, &svc);
	if (err)
		return err;
	err = kernel_load(&state, &args->service);
	if (!err && !args->sched)
		memcpy(svc.sched, state.services[0]->sched, sizeof(svc.sched));
	state_destroy(&state);
	if (err)
		return err;
	if (service_is_quic(&svc) && given(args, O(PERSISTENT) | O(SCHED_FLAGS)))
		return bad_usage("-E: scheduler quic takes neither -p nor -b");
	return put_service(IPVS_CMD_SET_SERVICE, &svc);
}

int cmd_delete_service(const struct args *args)
{
	char name[SERVICE_STRLEN];
	int err = ipvs_del_service(&args->service);

	if (!err) {
		record_note(&args->service, NULL, 0);
		return 0;
	}
	return kernel_refusal(NL_IPVS, IPVS_CMD_DEL_SERVICE, err, "service %s",
			      service_str(&args->service, name));
}

static int zero_refusal(enum nl_family family, uint8_t cmd, int err,
			const struct service_id *id)
{
	char name[SERVICE_STRLEN];

	if (!id)
		return kernel_refusal(family, cmd, err, "services");
	return kernel_refusal(family, cmd, err, "service %s",
			      service_str(id, name));
}

/* IPVS's counters, and ours where the service is ours: another one has no others. */
int cmd_zero(const struct args *args)
{
	const struct service_id *id = given(args, O(SERVICE)) ?
				      &args->service : NULL;
	int err = ipvs_zero(id);

	if (err)
		return zero_refusal(NL_IPVS, IPVS_CMD_ZERO, err, id);
	err = nl_has_quic() ? quic_zero(id) : 0;
	if (err && !(id && err == -ESRCH))
		return zero_refusal(NL_QUIC, IP_VS_QUIC_CMD_ZERO, err, id);
	return 0;
}

int cmd_set(const struct args *args)
{
	uint32_t values[SETTING_COUNT];
	struct prefix prefixes[SOURCE_COUNT];
	struct quic_change change = {
		.service = &args->service,
		.settings = values,
		.setting_mask = build_settings(args, values),
		.sources = prefixes,
		.source_mask = build_sources(args, prefixes),
	};
	char name[SERVICE_STRLEN];
	int err = quic_set(&change);

	if (!err)
		return 0;
	return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_SET, err,
			      "settings of %s",
			      service_str(&args->service, name));
}
