// SPDX-License-Identifier: GPL-2.0-only
/* express add, del, take, list */
#include <errno.h>

#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "output/json.h"
#include "output/text.h"
#include "restore/awaited.h"

static int refusal(uint8_t cmd, int err, const char *device)
{
	if (!err)
		return 0;
	return kernel_refusal(NL_QUIC, cmd, err, "express path of %s", device);
}

int cmd_express_add(const struct args *args)
{
	const char *device = args->operands[0];
	int err = quic_put_express(IP_VS_QUIC_CMD_EXPRESS_ADD, device);

	if (!err)
		awaited_forget(device);
	return refusal(IP_VS_QUIC_CMD_EXPRESS_ADD, err, device);
}

/* A device that does not exist, but was awaited, is awaited no longer. */
int cmd_express_del(const struct args *args)
{
	const char *device = args->operands[0];
	int err = quic_put_express(IP_VS_QUIC_CMD_EXPRESS_DEL, device);

	if ((!err || err == -ENODEV || err == -ENOENT) && awaited_forget(device))
		err = 0;
	return refusal(IP_VS_QUIC_CMD_EXPRESS_DEL, err, device);
}

/* Those that the kernel refuses, perhaps for now, stay on the list. */
int cmd_express_take(const struct args *args)
{
	struct state state = { 0 };
	int err, result = 0;
	size_t i;

	(void)args;
	awaited_load(&state);
	for (i = 0; i < state.device_count; i++) {
		struct device *device = &state.devices[i];

		err = quic_put_express(IP_VS_QUIC_CMD_EXPRESS_ADD, device->name);
		device->awaited = err && err != -EEXIST;
		if (err && err != -EEXIST && err != -ENODEV)
			result = refusal(IP_VS_QUIC_CMD_EXPRESS_ADD, err,
					 device->name);
	}
	if (state.device_count)
		awaited_store(&state);
	state_destroy(&state);
	return result;
}

int cmd_express_list(const struct args *args)
{
	struct state state = { 0 };
	int err = kernel_load_express(&state);

	if (!err)
		awaited_load(&state);
	if (!err && given(args, O(JSON)))
		print_express_json(&state);
	else if (!err)
		print_express(&state);
	state_destroy(&state);
	return err;
}
