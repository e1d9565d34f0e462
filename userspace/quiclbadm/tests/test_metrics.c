// SPDX-License-Identifier: GPL-2.0-only
/* "metrics" against the model of the kernel in fake.c: text, file, HTTP. */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "fake.h"
#include "metrics/exposition.h"
#include "metrics/http.h"
#include "model/secret.h"

#define KEY "8f95f09245765f80256934e50c66207f"
#define OTHER_KEY "00112233445566778899aabbccddeeff"
#define SVC "192.0.2.1:443"

/* The line is in @text, whole. */
static bool has_line(const char *text, const char *line)
{
	const size_t len = strlen(line);
	const char *at = text;

	while ((at = strstr(at, line))) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
		at += len;
	}
	return false;
}

static void has(const char *line)
{
	if (!has_line(ran_out, line))
		fail_msg("not printed: %s", line);
}

static size_t lines_with(const char *text, const char *word)
{
	size_t count = 0;

	while ((text = strstr(text, word))) {
		count++;
		text += strlen(word);
	}
	return count;
}

/* A service with everything: servers in each state, a keyed config, tenants. */
static void make_state(void)
{
	const char *key = temp_file("key", KEY, 0600);
	char line[256];
	struct service *svc;

	done("-A -u " SVC);
	done("-A -f 7 -6");
	done("-A -u 192.0.2.1:53 -s rr");
	snprintf(line, sizeof(line), "config add -u " SVC " --id 1 --server-id-len 2 --nonce-len 4 --key-file %s", key);
	done(line);
	key = temp_file("other", OTHER_KEY, 0600);
	snprintf(line, sizeof(line), "config add -u " SVC " --id 1 --tenant 1 --server-id-len 2 --nonce-len 4 --key-file %s", key);
	done(line);
	done("config add -u " SVC " --id 2 --server-id-len 2 --nonce-len 4");
	done("-a -u " SVC " -r 10.0.0.1 -i -w 3 --server-id 1:0a01 --server-id 1:0b*");
	done("-a -u " SVC " -r 10.0.0.2 -m -w 2 --server-id 1:0a02");
	done("-a -u " SVC " -r 10.0.0.3 -i -w 0");
	done("-a -u " SVC " -r 10.0.0.4 -i -w 1 --server-id 1:0a04");
	done("server-id add -u " SVC " -r 10.0.0.9 --absent --server-id 1:0a09");
	done("express add eth0");
	svc = fake.state.services[0];
	/* what a health checker does */
	svc->dests[1].weight = 0;
	svc->dests[0].counters[COUNT_INBYTES] = 18446744073709551615u;
	svc->dests[0].inactive = 4;
	svc->dests[0].datagrams[1] = 7;
	svc->rebuild_error = 12;
	svc->reserved_short = 8;
	svc->configs[0].datagrams = 99;
	svc->configs[0].misses = 5;
	svc->configs[0].seen = true;
	svc->configs[0].last_seen = 61007;
	/* and it has taken this one away */
	svc->dest_count--;
}

static void values(void **state)
{
	char line[256], fingerprint[16];

	(void)state;
	make_state();
	snprintf(line, sizeof(line), "fingerprint %s", temp_file("key", KEY, 0600));
	done(line);
	snprintf(fingerprint, sizeof(fingerprint), "%.8s", ran_out);
	done("metrics");
	has("quiclb_services 2");
	has("quiclb_module_loaded 1");
	has("quiclb_service_info{service=\"" SVC "\",address=\"192.0.2.1\",port=\"443\",family=\"ipv4\"} 1");
	has("quiclb_service_info{service=\"fwmark 7 (IPv6)\",fwmark=\"7\",family=\"ipv6\"} 1");
	has("quiclb_service_servers{service=\"" SVC "\",state=\"serving\"} 1");
	has("quiclb_service_servers{service=\"" SVC "\",state=\"drained\"} 1");
	has("quiclb_service_servers{service=\"" SVC "\",state=\"held\"} 2");
	has("quiclb_service_servers{service=\"" SVC "\",state=\"absent\"} 1");
	has("quiclb_service_servers{service=\"fwmark 7 (IPv6)\",state=\"serving\"} 0");
	has("quiclb_service_rebuild_failed{service=\"" SVC "\"} 1");
	has("quiclb_service_rebuild_failed{service=\"fwmark 7 (IPv6)\"} 0");
	has("quiclb_service_configs{service=\"" SVC "\"} 3");
	has("quiclb_service_datagrams_total{service=\"" SVC "\",outcome=\"routed\"} 12");
	has("quiclb_service_reserved_short_total{service=\"" SVC "\"} 8");
	has("quiclb_service_reserved_short_total{service=\"fwmark 7 (IPv6)\"} 0");
	has("quiclb_service_fallback_datagrams_total{service=\"" SVC "\",outcome=\"tuple\"} 0");
	has("quiclb_service_icmp_errors_total{service=\"" SVC "\",outcome=\"icmp-tunnel\"} 0");
	has("quiclb_service_other_outcomes_total{service=\"" SVC "\",outcome=\"outcome-20\"} 0");
	snprintf(line, sizeof(line), "quiclb_config_info{service=\"" SVC "\",config=\"1\",tenant=\"0\",algorithm=\"four-pass\",server_id_len=\"2\",nonce_len=\"4\",key_fingerprint=\"%s\"} 1",
		 fingerprint);
	has(line);
	has("quiclb_config_info{service=\"" SVC "\",config=\"2\",tenant=\"0\",algorithm=\"plaintext\",server_id_len=\"2\",nonce_len=\"4\"} 1");
	has("quiclb_config_datagrams_total{service=\"" SVC "\",config=\"1\",tenant=\"0\"} 99");
	has("quiclb_config_misses_total{service=\"" SVC "\",config=\"1\",tenant=\"0\"} 5");
	has("quiclb_config_last_seen_age_seconds{service=\"" SVC "\",config=\"1\",tenant=\"0\"} 61.007");
	has("quiclb_config_last_seen_age_seconds{service=\"" SVC "\",config=\"1\",tenant=\"1\"} +Inf");
	has("quiclb_config_server_ids{service=\"" SVC "\",config=\"1\"} 5");
	has("quiclb_server_weight{service=\"" SVC "\",server=\"10.0.0.1:443\"} 3");
	has("quiclb_server_held{service=\"" SVC "\",server=\"10.0.0.1:443\"} 0");
	has("quiclb_server_held{service=\"" SVC "\",server=\"10.0.0.2:443\"} 1");
	has("quiclb_server_held{service=\"" SVC "\",server=\"10.0.0.3:443\"} 0");
	has("quiclb_server_held{service=\"" SVC "\",server=\"10.0.0.4:443\"} 1");
	has("quiclb_server_held{service=\"" SVC "\",server=\"10.0.0.9:443\"} 0");
	has("quiclb_server_ids{service=\"" SVC "\",server=\"10.0.0.1:443\"} 2");
	has("quiclb_server_ids{service=\"" SVC "\",server=\"10.0.0.3:443\"} 0");
	has("quiclb_server_config_datagrams_total{service=\"" SVC "\",server=\"10.0.0.1:443\",config=\"1\"} 7");
	has("quiclb_server_config_datagrams_total{service=\"" SVC "\",server=\"10.0.0.1:443\",config=\"2\"} 0");
	/* tenants share one */
	assert_int_equal(lines_with(ran_out, "\nquiclb_server_config_datagrams_total{"), 6);
	has("quiclb_server_connections{service=\"" SVC "\",server=\"10.0.0.1:443\",state=\"inactive\"} 4");
	has("quiclb_server_received_bytes_total{service=\"" SVC "\",server=\"10.0.0.1:443\"} 18446744073709551615");
	/* answers of the others do not pass the director */
	assert_int_equal(lines_with(ran_out, "\nquiclb_server_sent_bytes_total{"), 1);
	has("quiclb_server_sent_bytes_total{service=\"" SVC "\",server=\"10.0.0.2:443\"} 0");
	has("quiclb_express_datagrams_total{device=\"eth0\",mode=\"ingress\",outcome=\"taken\"} 34");
	assert_null(strstr(ran_out, "192.0.2.1:53"));
	assert_null(strstr(ran_out, KEY));
	assert_null(strstr(ran_out, OTHER_KEY));
}

static char *word_of(const char *line, size_t number)
{
	char *copy = xstrdup(line), *rest = copy, *word = NULL;

	do
		word = strsep(&rest, " {");
	while (number-- && word);
	word = word ? xstrdup(word) : NULL;
	free(copy);
	return word;
}

/* Each metric is declared once, and all of its samples follow. */
static void check_order(const char *text, bool openmetrics)
{
	static const char *const endings[] = { "", "_total", "_info" };
	char *copy = xstrdup(text), *rest = copy, *line, *now = NULL;
	char *seen = xstrdup("\n"), *longer, *name, wanted[128];
	size_t i;

	while ((line = strsep(&rest, "\n")) && *line) {
		if (!strcmp(line, "# EOF"))
			break;
		name = word_of(line, *line == '#' ? 2 : 0);
		if (!strncmp(line, "# HELP ", 7)) {
			snprintf(wanted, sizeof(wanted), "\n%s\n", name);
			assert_null(strstr(seen, wanted));
			assert_true(asprintf(&longer, "%s%s\n", seen, name) > 0);
			free(seen);
			seen = longer;
			free(now);
			now = xstrdup(name);
			assert_int_equal(line[strlen(line) - 1], '.');
		} else if (*line == '#') {
			assert_string_equal(name, now);
		} else {
			for (i = 0; i < 3; i++) {
				snprintf(wanted, sizeof(wanted), "%s%s", now, endings[i]);
				if (!strcmp(wanted, name))
					break;
			}
			assert_true(openmetrics ? i < 3 : i == 0);
		}
		free(name);
	}
	free(seen);
	free(now);
	free(copy);
}

static void formats(void **state)
{
	static const char eof[] = "# EOF\n";

	(void)state;
	make_state();
	done("metrics");
	check_order(ran_out, true);
	assert_string_equal(ran_out + strlen(ran_out) - strlen(eof), eof);
	has("# TYPE quiclb_service_datagrams counter");
	has("# TYPE quiclb_config info");
	has("# TYPE quiclb_server_weight gauge");
	has("# TYPE quiclb_server_received_bytes counter");
	has("# UNIT quiclb_server_received_bytes bytes");
	has("# UNIT quiclb_config_last_seen_age_seconds seconds");
	done("metrics --openmetrics");
	has("# EOF");
	done("metrics --prometheus");
	check_order(ran_out, false);
	has("# TYPE quiclb_service_datagrams_total counter");
	has("# TYPE quiclb_config_info gauge");
	assert_null(strstr(ran_out, "# EOF"));
	assert_null(strstr(ran_out, "# UNIT"));
	says(2, "--http: not together with --prometheus", "metrics --prometheus --http");
}

/* A device may have nearly any name, and a scrape must not fail of it. */
static void label_values(void **state)
{
	static const struct metric metric = { "m", METRIC_GAUGE, NULL, "h" };
	struct exposition to = { .metric = &metric };
	char *text = NULL;
	size_t len;

	(void)state;
	to.out = open_memstream(&text, &len);
	sample_begin(&to);
	sample_label(&to, "a", "q\"b\\n\nt\tx\x1b""e\xc3\xa9");
	sample_label(&to, "b", "\xff\xc3");
	sample_label_number(&to, "c", 18446744073709551615u);
	sample_value(&to, 0);
	fclose(to.out);
	assert_string_equal(text, "m{a=\"q\\\"b\\\\n\\nt\\\\x09x\\\\x1be\xc3\xa9\",b=\"\\\\xff\\\\xc3\",c=\"18446744073709551615\"} 0\n");
	free(text);
}

static void to_a_file(void **state)
{
	const char *path = temp_file("m.prom", "old", 0640);
	char line[256], saved[128];
	struct stat st;

	(void)state;
	snprintf(saved, sizeof(saved), "%s", path);
	make_state();
	snprintf(line, sizeof(line), "metrics --output %s", saved);
	done(line);
	assert_string_equal(ran_out, "");
	assert_int_equal(stat(saved, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(st.st_size > 1000);
	unlink(saved);
	/* node_exporter is not root */
	done(line);
	assert_int_equal(stat(saved, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	fake.not_root = true;
	says(1, "kernel: only root (CAP_NET_ADMIN) may do this", line);
	assert_int_equal(stat(saved, &st), 0);
	assert_true(st.st_size > 1000);
	fake.not_root = false;
	snprintf(line, sizeof(line), "grep -qx '# TYPE quiclb_service_datagrams_total counter' %s", saved);
	assert_int_equal(system(line), 0);
	says(1, "/nowhere/m.prom: No such file or directory", "metrics --output /nowhere/m.prom");
	says(2, "--output: not with --http, whose answer goes to the client", "metrics --http --output f");
}

/* The answer's status; 0: none was given. */
static int status_of(const char *request)
{
	int status = 0;

	run_with(request, "metrics --http");
	sscanf(ran_out, "HTTP/1.1 %d ", &status);
	return status;
}

#define HOST "Host: director\r\n"

static void http_requests(void **state)
{
	static const struct {
		int status;
		const char *request;
	} requests[] = {
		{ 200, "GET /metrics HTTP/1.1\r\n" HOST "\r\n" },
		{ 200, "GET /metrics HTTP/1.0\r\n\r\n" },
		{ 200, "GET /metrics HTTP/1.0\n\n" },
		{ 200, "GET /metrics?name=x HTTP/1.1\r\n" HOST "\r\n" },
		{ 200, "GET http://director:9844/metrics HTTP/1.1\r\n" HOST "\r\n" },
		{ 200, "HEAD /metrics HTTP/1.1\r\n" HOST "\r\n" },
		{ 404, "GET / HTTP/1.1\r\n" HOST "\r\n" },
		{ 404, "GET /metricsx HTTP/1.1\r\n" HOST "\r\n" },
		{ 404, "GET /../metrics HTTP/1.1\r\n" HOST "\r\n" },
		{ 404, "GET http://director HTTP/1.1\r\n" HOST "\r\n" },
		{ 404, "POST / HTTP/1.1\r\n" HOST "\r\n" },
		{ 405, "POST /metrics HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab" },
		{ 405, "get /metrics HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /metrics HTTP/1.1\r\n\r\n" },
		{ 400, "GET /metrics HTTP/2.0\r\n\r\n" },
		{ 400, "GET /metrics\r\n\r\n" },
		{ 400, "GET  HTTP/1.1\r\n\r\n" },
		{ 400, " /metrics HTTP/1.0\r\n\r\n" },
		{ 400, "GET /metrics HTTP/1.1 x\r\n" HOST "\r\n" },
		{ 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
		{ 400, "\x16\x03\x01\x02" },
		{ 400, "\r\n\r\n" },
		{ 400, "GET /metrics HTTP/1.1\r\nHost: x\r\n" },
		{ 0, "" },
	};
	size_t i;

	(void)state;
	make_state();
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (status_of(requests[i].request) != requests[i].status)
			fail_msg("%s: %s", requests[i].request, ran_out);
		assert_int_equal(ran_status, 0);
		assert_string_equal(ran_err, "");
	}
}

static void http_answers(void **state)
{
	const char *body;
	size_t len = 0;

	(void)state;
	make_state();
	status_of("GET /metrics HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(ran_out, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	assert_non_null(strstr(ran_out, "\r\nConnection: close\r\n"));
	body = strstr(ran_out, "\r\n\r\n");
	sscanf(strstr(ran_out, "Content-Length:"), "Content-Length: %zu", &len);
	assert_int_equal(len, strlen(body + 4));
	assert_true(has_line(body, "# TYPE quiclb_config_info gauge"));

	/* the same length, and nothing else */
	status_of("HEAD /metrics HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(ran_out, "\r\nContent-Length: "));
	assert_string_equal(strstr(ran_out, "\r\n\r\n"), "\r\n\r\n");

	status_of("POST /metrics HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(ran_out, "\r\nAllow: GET, HEAD\r\n"));

	/* the client gets no sentence about the machine, the log does */
	fake.not_root = true;
	assert_int_equal(status_of("GET /metrics HTTP/1.0\r\n\r\n"), 503);
	assert_int_equal(ran_status, 1);
	assert_null(strstr(ran_out, "CAP_NET_ADMIN"));
	assert_string_equal(ran_err, "Error: kernel: only root (CAP_NET_ADMIN) may do this.\n");
}

/* The client chooses the format. */
static void http_formats(void **state)
{
	static const struct {
		bool open;
		const char *accept;
	} fields[] = {
		/* Prometheus 2.42, 3.0, and a browser */
		{ true, "Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1" },
		{ true, "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3" },
		{ false, "Accept: text/html,application/xhtml+xml,*/*;q=0.8" },
		{ true, "accept:application/OpenMetrics-text" },
		{ true, "Accept: text/plain, application/openmetrics-text ; q=0.5" },
		{ false, "Accept: application/openmetrics-text;q=0" },
		{ false, "Accept: application/openmetrics-text;q=0.000, */*" },
		{ false, "Accept: application/openmetrics-text;version=2.0.0" },
		{ false, "Accept: application/openmetrics-textual" },
		{ false, "X-Accept: application/openmetrics-text" },
		{ false, "Accept:" },
	};
	char request[512];
	size_t i;

	(void)state;
	make_state();
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		snprintf(request, sizeof(request), "GET /metrics HTTP/1.1\r\n" HOST "%s\r\n\r\n",
			 fields[i].accept);
		assert_int_equal(status_of(request), 200);
		if (has_line(ran_out, "# EOF") != fields[i].open)
			fail_msg("%s", fields[i].accept);
		assert_int_equal(!strstr(ran_out, "openmetrics-text; version=1.0.0; charset=utf-8"),
				 !fields[i].open);
	}
}

/* As much as is read, and one more. */
static void http_limits(void **state)
{
	char request[HTTP_REQUEST_MAX + 64];
	static const char line[] = "GET /metrics HTTP/1.0\r\n";
	size_t len = strlen(line);

	(void)state;
	memset(request, 'x', sizeof(request));
	memcpy(request, line, len);
	memcpy(request + HTTP_REQUEST_MAX - 4, "\r\n\r\n", 5);
	assert_int_equal(status_of(request), 200);
	memcpy(request + HTTP_REQUEST_MAX - 4, "x\r\n\r\n", 6);
	assert_int_equal(status_of(request), 400);
}

/* On a socket, as systemd gives it; the client says nothing, too little, or is slow to read. */
static int serve(const char *request, int *client)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if (request)
		assert_int_equal(write(pair[0], request, strlen(request)), strlen(request));
	pid = fork();
	if (!pid) {
		struct http_request got;
		struct http_answer answer = { 200, "text/plain", "body", 4 };

		close(pair[0]);
		alarm(HTTP_REQUEST_SECONDS + 30);
		answer.status = http_read(pair[1], &got);
		if (answer.status)
			http_write(pair[1], &got, &answer);
		_exit(answer.status / 4);
	}
	close(pair[1]);
	*client = pair[0];
	return pid;
}

static void http_sockets(void **state)
{
	char answer[1024];
	int client, status;
	ssize_t len;
	pid_t pid;

	(void)state;
	pid = serve("GET /metrics HTTP/1.0\r\n\r\n", &client);
	len = recv(client, answer, sizeof(answer) - 1, MSG_WAITALL);
	assert_true(len > 0);
	answer[len] = '\0';
	assert_string_equal(answer + len - 8, "\r\n\r\nbody");
	close(client);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 200 / 4);

	/* the deadline ends it */
	pid = serve("GET /metrics HTTP/1.0\r\n", &client);
	len = recv(client, answer, sizeof(answer) - 1, MSG_WAITALL);
	assert_true(len > 0);
	assert_memory_equal(answer, "HTTP/1.1 408 ", 13);
	close(client);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 408 / 4);

	/* a client that has gone ends it, too, and no signal */
	pid = serve("", &client);
	close(client);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void without_services(void **state)
{
	(void)state;
	done("metrics");
	has("quiclb_services 0");
	fake.no_module = true;
	done("metrics");
	has("quiclb_module_loaded 0");
	has("# EOF");
	done("-A -u 192.0.2.1:53 -s rr");
	done("metrics");
	has("quiclb_services 0");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, model_begin, model_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values),
		TEST(formats),
		TEST(label_values),
		TEST(to_a_file),
		TEST(http_requests),
		TEST(http_answers),
		TEST(http_formats),
		TEST(http_limits),
		TEST(http_sockets),
		TEST(without_services),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
