// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/kernel.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/suggest.h"
#include "kernel/driver.h"
#include "kernel/ipvs.h"
#include "kernel/module.h"
#include "kernel/quic.h"

/* IPVS's family has no extack: what its errors mean, as in ipvsadm. */
static const struct {
	uint8_t cmd;
	int error;
	const char *why;
} ipvs_errors[] = {
	{ IPVS_CMD_NEW_SERVICE, EEXIST, "it exists already" },
	{ IPVS_CMD_NEW_SERVICE, EINVAL, "IPVS does not take it so" },
	{ IPVS_CMD_SET_SERVICE, ESRCH, "no such service" },
	{ IPVS_CMD_DEL_SERVICE, ESRCH, "no such service" },
	{ IPVS_CMD_GET_SERVICE, ESRCH, "no such service" },
	{ IPVS_CMD_ZERO, ESRCH, "no such service" },
	{ IPVS_CMD_NEW_DEST, ESRCH, "no such service" },
	{ IPVS_CMD_NEW_DEST, EEXIST, "the service has it already" },
	{ IPVS_CMD_NEW_DEST, EINVAL,
	  "IPVS does not take it so: an address of no single host, or another address family without -i" },
	{ IPVS_CMD_NEW_DEST, ERANGE, "a lower threshold above the upper" },
	{ IPVS_CMD_SET_DEST, ESRCH, "no such service" },
	{ IPVS_CMD_SET_DEST, ENOENT, "the service has no such real server" },
	{ IPVS_CMD_SET_DEST, EINVAL,
	  "IPVS does not take it so: another address family needs -i" },
	{ IPVS_CMD_SET_DEST, ERANGE, "a lower threshold above the upper" },
	{ IPVS_CMD_DEL_DEST, ESRCH, "no such service" },
	{ IPVS_CMD_DEL_DEST, ENOENT, "the service has no such real server" },
};

/* Of our own family; a kernel that sends no sentences is older than 4.12. */
static const char *quic_why(int error)
{
	switch (error) {
	case ESRCH:
	case ENOENT:
		return "not found";
	case EEXIST:
		return "it exists already";
	case EINTR:
		return "the configuration keeps changing while it is read";
	}
	return strerror(error);
}

static const char *ipvs_why(uint8_t cmd, int error)
{
	const size_t count = sizeof(ipvs_errors) / sizeof(ipvs_errors[0]);
	size_t i;

	for (i = 0; i < count; i++)
		if (ipvs_errors[i].cmd == cmd && ipvs_errors[i].error == error)
			return ipvs_errors[i].why;
	if (error == EAFNOSUPPORT)
		return "this kernel's IPVS does not have the address family";
	return strerror(error);
}

/*
 * The scheduler or the family is missing because the kernel refuses the module: a
 * kernel that was started by Secure Boot takes only signed ones.
 */
static bool lacks_signature(enum nl_family family, uint8_t cmd, int error)
{
	if (!module_is_unsigned())
		return false;
	if (family == NL_QUIC)
		return error == -ENOPKG;
	return error == -ENOENT &&
	       (cmd == IPVS_CMD_NEW_SERVICE || cmd == IPVS_CMD_SET_SERVICE);
}

int kernel_refusal(enum nl_family family, uint8_t cmd, int error,
		   const char *format, ...)
{
	char what[256];
	va_list args;

	if (lacks_signature(family, cmd, error))
		return refuse("kernel: it takes only signed modules (Secure Boot), and ip_vs_quic has no signature that it trusts: install it by make dkms-install, which signs, and enrol the key by mokutil --import /var/lib/dkms/mok.pub");
	if (error == -ENOPKG && family == NL_QUIC)
		return refuse("kernel: the ip_vs_quic module is not loaded (modprobe ip_vs_quic)");
	if (error == -ENOPKG || error == -EPROTONOSUPPORT)
		return refuse("kernel: it has no IPVS (modprobe ip_vs)");
	if (error == -EPERM)
		return refuse("kernel: only root (CAP_NET_ADMIN) may do this");
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (*nl_sentence())
		return refuse("%s: %s", what, nl_sentence());
	return refuse("%s: %s", what, family == NL_IPVS ?
		      ipvs_why(cmd, -error) : quic_why(-error));
}

static const char *const schedulers[] = {
	SCHED_QUIC, "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh",
	"sed", "nq", "fo", "ovf", "mh", "twos",
};

/* The scheduler that @name was probably meant to be; @name itself if it is one. */
static const char *likely_scheduler(const char *name)
{
	char lower[IP_VS_SCHEDNAME_MAXLEN];
	struct suggestion suggestion = { .typed = lower };
	size_t i;

	for (i = 0; i < sizeof(lower) - 1 && name[i]; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	lower[i] = '\0';
	/* IPVS calls it Maglev hashing */
	if (!strcmp(lower, "maglev"))
		return "mh";
	for (i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]); i++) {
		if (!strcmp(schedulers[i], lower))
			return schedulers[i];
		suggest_offer(&suggestion, schedulers[i]);
	}
	return suggestion.best;
}

/* IPVS looks for modules ip_vs_SCHEDULER and ip_vs_pe_ENGINE. */
static int lacks_scheduler(const char *service, const struct service *svc)
{
	const char *likely = likely_scheduler(svc->sched);

	if (likely && strcmp(likely, svc->sched))
		return refuse("service %s: there is no scheduler %s (%s?)",
			      service, svc->sched, likely);
	if (*svc->pe)
		return refuse("service %s: scheduler %s or persistence engine %s is not found (modprobe -a ip_vs_%s ip_vs_pe_%s)",
			      service, svc->sched, svc->pe, svc->sched, svc->pe);
	return refuse("service %s: scheduler %s is not found (modprobe ip_vs_%s)",
		      service, svc->sched, svc->sched);
}

int kernel_service_refusal(uint8_t cmd, int error, const struct service *svc)
{
	char name[SERVICE_STRLEN];

	service_str(&svc->id, name);
	if (error == -ENOENT && !lacks_signature(NL_IPVS, cmd, error))
		return lacks_scheduler(name, svc);
	return kernel_refusal(NL_IPVS, cmd, error, "service %s", name);
}

/* Without a service of ours the answer is known, module or not. */
static bool any_quic(const struct state *state)
{
	size_t i;

	for (i = 0; i < state->count; i++)
		if (service_is_quic(state->services[i]))
			return true;
	return false;
}

static int express_refusal(int err)
{
	return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_EXPRESS_GET, err,
			      "express path");
}

int kernel_load(struct state *state, const struct service_id *id)
{
	char name[SERVICE_STRLEN];
	int err;

	memset(state, 0, sizeof(*state));
	err = ipvs_get(state, id);
	if (err && id)
		return kernel_refusal(NL_IPVS, IPVS_CMD_GET_SERVICE, err,
				      "service %s", service_str(id, name));
	if (err)
		return kernel_refusal(NL_IPVS, IPVS_CMD_GET_SERVICE, err,
				      "services");
	if (id && !state->count)
		return refuse("service %s: no such service",
			      service_str(id, name));
	if (any_quic(state)) {
		err = quic_get(state, id);
		if (err && id)
			return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_GET, err,
					      "service %s",
					      service_str(id, name));
		if (err)
			return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_GET, err,
					      "services");
	}
	if (!id && (any_quic(state) || nl_has_quic())) {
		err = quic_get_express(state);
		if (err)
			return express_refusal(err);
		driver_load(state);
	}
	state_sort(state);
	return 0;
}

int kernel_decode(const struct service_id *id, const uint8_t *cid, size_t len,
		  struct quic_decoded *decoded)
{
	char name[SERVICE_STRLEN];
	int err = quic_decode(id, cid, len, decoded);

	if (!err)
		return 0;
	return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_DECODE, err, "service %s",
			      service_str(id, name));
}

int kernel_load_express(struct state *state)
{
	int err = quic_get_express(state);

	if (err)
		return express_refusal(err);
	driver_load(state);
	state_sort(state);
	return 0;
}

int kernel_load_quic(struct state *state, const struct service_id *id)
{
	char name[SERVICE_STRLEN];
	int err = kernel_load(state, id);

	if (err)
		return err;
	if (service_is_quic(state->services[0]))
		return 0;
	return refuse("service %s: its scheduler is %s, not quic",
		      service_str(id, name), state->services[0]->sched);
}

void kernel_hold_signals(bool hold)
{
	/* those that end it, and those by which a terminal stops it halfway */
	static const int numbers[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM,
		SIGTSTP, SIGTTIN, SIGTTOU,
	};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}
