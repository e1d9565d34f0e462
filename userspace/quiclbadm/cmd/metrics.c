// SPDX-License-Identifier: GPL-2.0-only
/* metrics: on standard output, in a file, or as the answer to an HTTP request */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "common/xalloc.h"
#include "kernel/kernel.h"
#include "metrics/http.h"
#include "metrics/metrics.h"
#include "restore/record.h"
#include "restore/replace_file.h"

/* The version of the module that is loaded, in @version; else NULL. */
static const char *module_version(char *version, size_t size)
{
	int fd = open("/sys/module/ip_vs_quic/version", O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return nl_has_quic() ? "" : NULL;
	len = read(fd, version, size - 1);
	close(fd);
	version[len > 0 ? len : 0] = '\0';
	version[strcspn(version, "\n")] = '\0';
	return version;
}

/* Return: 0, or EXIT_REFUSED after a sentence; then there is no text. */
static int make_text(enum exposition_format format, char **text, size_t *len)
{
	struct metrics metrics;
	struct ipvs_info ipvs;
	struct state state;
	struct utsname name;
	char version[64];
	FILE *out;
	int err;

	err = kernel_load(&state, NULL);
	if (!err) {
		err = ipvs_get_info(&ipvs);
		if (err)
			err = kernel_refusal(NL_IPVS, IPVS_CMD_GET_INFO, err, "IPVS");
	}
	if (err)
		goto out;
	record_mark(&state);
	out = open_memstream(text, len);
	if (!out || uname(&name))
		no_memory();
	metrics = (struct metrics){ &state, &ipvs, name.release,
				    module_version(version, sizeof(version)) };
	metrics_print(&metrics, format, out);
	if (fclose(out))
		no_memory();
out:
	state_destroy(&state);
	return err;
}

/* Of a program that is to read the metrics, and has no rights but this. */
static int open_to_all(const struct replacement *file)
{
	struct stat st;

	if (!file->is_new || fstat(fileno(file->out), &st) ||
	    !fchmod(fileno(file->out), st.st_mode | 0444))
		return 0;
	return refuse("%s: %s", file->name, strerror(errno));
}

static int write_file(const char *path, const char *text, size_t len)
{
	struct replacement file;
	int err;

	kernel_hold_signals(true);
	err = replacement_begin(&file, path);
	if (!err) {
		err = open_to_all(&file);
		if (!err && fwrite(text, 1, len, file.out) != len)
			err = refuse("%s: %s", path, strerror(errno));
		if (replacement_end(&file, !err))
			err = EXIT_REFUSED;
	}
	kernel_hold_signals(false);
	return err;
}

static int answer_http(void)
{
	struct http_answer answer = { .media_type = "text/plain; charset=utf-8" };
	struct http_request request;
	char *text = NULL;

	signal(SIGPIPE, SIG_IGN);
	answer.status = http_read(STDIN_FILENO, &request);
	if (!answer.status)
		return 0;
	if (answer.status == 200) {
		const enum exposition_format format = request.openmetrics ?
			EXPOSITION_OPENMETRICS : EXPOSITION_PROMETHEUS;

		if (make_text(format, &text, &answer.len))
			answer.status = 503;
		else
			answer.media_type = exposition_media_type(format);
	}
	answer.body = text;
	if (answer.status != 200) {
		answer.body = http_sentence(answer.status);
		answer.len = strlen(answer.body);
	}
	http_write(STDOUT_FILENO, &request, &answer);
	free(text);
	return answer.status == 503 ? EXIT_REFUSED : 0;
}

int cmd_metrics(const struct args *args)
{
	const char *path = args->output;
	enum exposition_format format;
	char *text = NULL;
	size_t len = 0;
	int err;

	if (path && !strcmp(path, "-"))
		path = NULL;
	if (args->exposition == EXPOSE_BY_HTTP)
		return given(args, O(OUTPUT)) ?
		       bad_usage("--output: not with --http, whose answer goes to the client") :
		       answer_http();
	/* a file is for node_exporter, which reads the older format */
	format = args->exposition == EXPOSE_PROMETHEUS ||
		 (path && args->exposition == EXPOSE_DEFAULT) ?
		 EXPOSITION_PROMETHEUS : EXPOSITION_OPENMETRICS;
	err = make_text(format, &text, &len);
	if (!err && path)
		err = write_file(path, text, len);
	else if (!err)
		fwrite(text, 1, len, stdout);
	free(text);
	return err;
}
