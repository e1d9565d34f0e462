// SPDX-License-Identifier: GPL-2.0-only
/* express add, del, take, list */
#include <errno.h>

#include "cmd/cmd.h"
#include "kernel/driver.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "model/outcome.h"
#include "output/json.h"
#include "output/text.h"
#include "restore/awaited.h"

static int refusal(uint8_t cmd, int err, const char *device)
{
	if (!err)
		return 0;
	return kernel_refusal(NL_QUIC, cmd, err, "express path of %s", device);
}

/* What it would be asked about is sent by the express path, with the driver path for nothing. */
static void tell_asks(const char *name)
{
	struct state state = { 0 };
	const struct device *device;
	uint32_t i;

	quic_get_express(&state);
	device = state_find_device(&state, name);
	for (i = 0; device && i < IP_VS_QUIC_EXPRESS_ASK_COUNT; i++)
		if (device->asks >> i & 1)
			caution("driver path of %s: %s, so IPv%c is left to the express path at the ingress",
				name, ask_meaning(i), ask_family(i));
	state_destroy(&state);
}

/* Without the program the device is what it was. */
static int enter_driver(const char *device, enum express_mode mode)
{
	int err = driver_on(device, mode);

	if (err || !driver_is_on(device))
		return err;
	caution("driver path of %s: traffic control, nftables' chains at the ingress, captures and queueing disciplines do not see what it forwards",
		device);
	tell_asks(device);
	return 0;
}

static int add(const char *device, enum express_mode mode)
{
	int err = mode == EXPRESS_INGRESS ? 0 : enter_driver(device, mode);

	if (err)
		quic_put_express(IP_VS_QUIC_CMD_EXPRESS_DEL, device);
	else
		awaited_forget(device);
	return err;
}

/* Of a device that has the express path; the same mode once more is refused with @err. */
static int switch_mode(const char *device, enum express_mode mode, int err)
{
	bool wanted = mode != EXPRESS_INGRESS;

	if (driver_is_on(device) == wanted)
		return refusal(IP_VS_QUIC_CMD_EXPRESS_ADD, err, device);
	if (mode == EXPRESS_INGRESS)
		return driver_off(device);
	return enter_driver(device, mode);
}

int cmd_express_add(const struct args *args)
{
	const char *device = args->operands[0];
	int err = quic_put_express(IP_VS_QUIC_CMD_EXPRESS_ADD, device);

	driver_sweep();
	if (!err)
		return add(device, args->mode);
	if (err == -EEXIST && given(args, O(MODE)))
		return switch_mode(device, args->mode, err);
	return refusal(IP_VS_QUIC_CMD_EXPRESS_ADD, err, device);
}

/* A device that does not exist, but was awaited, is awaited no longer. */
int cmd_express_del(const struct args *args)
{
	const char *device = args->operands[0];
	int err;

	/* first: without the express path it would be a program for nothing */
	if (driver_off(device))
		return EXIT_REFUSED;
	driver_sweep();
	err = quic_put_express(IP_VS_QUIC_CMD_EXPRESS_DEL, device);
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
		if (!err && device->mode != EXPRESS_INGRESS)
			driver_on(device->name, EXPRESS_AUTO);
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
