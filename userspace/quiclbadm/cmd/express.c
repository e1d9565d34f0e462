// SPDX-License-Identifier: GPL-2.0-only
/* express add, del, list */
#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "output/json.h"
#include "output/text.h"

static int put(uint8_t cmd, const struct args *args)
{
	int err = quic_put_express(cmd, args->operands[0]);

	if (!err)
		return 0;
	return kernel_refusal(NL_QUIC, cmd, err, "express path of %s",
			      args->operands[0]);
}

int cmd_express_add(const struct args *args)
{
	return put(IP_VS_QUIC_CMD_EXPRESS_ADD, args);
}

int cmd_express_del(const struct args *args)
{
	return put(IP_VS_QUIC_CMD_EXPRESS_DEL, args);
}

int cmd_express_list(const struct args *args)
{
	struct state state = { 0 };
	int err = kernel_load_express(&state);

	if (!err && given(args, O(JSON)))
		print_express_json(&state);
	else if (!err)
		print_express(&state);
	state_destroy(&state);
	return err;
}
