// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's emulation: finds the lines of memory that several processors use
 * and at least one writes while it has a packet, and records their accesses.  Comparing
 * memory before and after would not show values that are restored at once, such as a
 * lock or a reference that is taken and dropped.
 *
 *	qemu-system-x86_64 -plugin .../lines.so,out=FILE
 *
 * The bench's module marks the beginning and the end of a packet, with interrupts
 * disabled, and the beginning of a path, by instructions that do nothing (ivq_bench.h).
 * For each path this writes to FILE
 *
 *	path
 *	packets CPU COUNT
 *	read|write CPU LINE INSTRUCTION COUNT
 *	atomic CPU INSTRUCTION COUNT
 *
 * LINE and INSTRUCTION as hexadecimal addresses, COUNT in packets; a read-modify-write is
 * a write.  "atomic" is about all memory.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ivq_bench.h"
#include "plugin.h"

enum {
	CPUS_MAX	= 64,
	LINE_SHIFT	= 6,
	USES_MIN	= 1 << 12,
};

/* Stays until QEMU ends, as translated code has its address. */
struct insn {
	uint64_t address;
	bool atomic;
};

/* The access of an instruction to a line; @insn is NULL in an empty place. */
struct use {
	uint64_t line;
	const struct insn *insn;
	bool store;
	bool line_written;	/* by any of the processor's uses of it; when sorted */
	unsigned int packets;
	unsigned int last;
};

/* Used by its own thread only while a path runs; open addressing, at most half full. */
struct cpu {
	bool has_packet;
	unsigned int packets;
	struct use *uses;
	size_t slots;
	size_t used;
} __attribute__((aligned(64)));

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

static struct cpu cpus[CPUS_MAX];
static bool in_path;
static FILE *out;

static void *allocate(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p) {
		fprintf(stderr, "lines: out of memory\n");
		exit(1);
	}
	return p;
}

/* --- recording -------------------------------------------------------------- */

/* The same instruction may have been translated more than once. */
static struct use *find(struct use *uses, size_t slots, uint64_t line,
			const struct insn *insn)
{
	uint64_t h = (line ^ insn->address << 20) * 0x9e3779b97f4a7c15ull;
	size_t i = h >> 32;

	for (;; i++) {
		struct use *u = &uses[i & (slots - 1)];

		if (!u->insn ||
		    (u->line == line && u->insn->address == insn->address))
			return u;
	}
}

static void grow(struct cpu *c)
{
	size_t i, slots = c->slots ? 2 * c->slots : USES_MIN;
	struct use *uses = allocate(slots, sizeof(*uses));

	for (i = 0; i < c->slots; i++)
		if (c->uses[i].insn)
			*find(uses, slots, c->uses[i].line,
			      c->uses[i].insn) = c->uses[i];
	free(c->uses);
	c->uses = uses;
	c->slots = slots;
}

static void record(struct cpu *c, uint64_t line, const struct insn *insn,
		   bool store)
{
	struct use *u;

	if (2 * c->used >= c->slots)
		grow(c);
	u = find(c->uses, c->slots, line, insn);
	if (!u->insn) {
		*u = (struct use){ .line = line, .insn = insn };
		c->used++;
	}
	u->store |= store;
	if (u->last == c->packets)
		return;
	u->last = c->packets;
	u->packets++;
}

static void memory_used(unsigned int cpu, qemu_plugin_meminfo_t info,
			uint64_t address, void *data)
{
	uint64_t end = address + (1u << qemu_plugin_mem_size_shift(info)) - 1;
	bool store = qemu_plugin_mem_is_store(info);
	struct cpu *c = &cpus[cpu];

	if (!c->has_packet)
		return;
	record(c, address >> LINE_SHIFT, data, store);
	if (end >> LINE_SHIFT != address >> LINE_SHIFT)
		record(c, end >> LINE_SHIFT, data, store);
}

static void packet_begins(unsigned int cpu, void *data)
{
	(void)data;
	cpus[cpu].has_packet = true;
	cpus[cpu].packets++;
}

static void packet_ends(unsigned int cpu, void *data)
{
	(void)data;
	cpus[cpu].has_packet = false;
}

/* --- reporting --------------------------------------------------------------- */

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_line(const void *a, const void *b)
{
	return compare(((const struct use *)a)->line,
		       ((const struct use *)b)->line);
}

static int by_insn(const void *a, const void *b)
{
	return compare(((const struct use *)a)->insn->address,
		       ((const struct use *)b)->insn->address);
}

/* Afterwards the table is an array with all uses of a line side by side. */
static void sort(struct cpu *c)
{
	size_t i, from, to, n = 0;

	for (i = 0; i < c->slots; i++)
		if (c->uses[i].insn)
			c->uses[n++] = c->uses[i];
	if (n)
		qsort(c->uses, n, sizeof(*c->uses), by_line);
	for (from = 0; from < n; from = to) {
		bool written = false;

		for (to = from; to < n && c->uses[to].line == c->uses[from].line; to++)
			written |= c->uses[to].store;
		for (i = from; i < to; i++)
			c->uses[i].line_written = written;
	}
}

static bool is_shared(uint64_t line)
{
	const struct use key = { .line = line };
	unsigned int cpu, users = 0;
	bool written = false;

	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		const struct cpu *c = &cpus[cpu];
		const struct use *u;

		u = c->used ? bsearch(&key, c->uses, c->used, sizeof(key), by_line) : NULL;
		if (!u)
			continue;
		users++;
		written |= u->line_written;
	}
	return users > 1 && written;
}

static void report_lines(unsigned int cpu)
{
	const struct cpu *c = &cpus[cpu];
	size_t i;

	for (i = 0; i < c->used; i++) {
		const struct use *u = &c->uses[i];

		if (is_shared(u->line))
			fprintf(out, "%s %u %llx %llx %u\n",
				u->store ? "write" : "read", cpu,
				(unsigned long long)u->line << LINE_SHIFT,
				(unsigned long long)u->insn->address,
				u->packets);
	}
}

static void report_atomic(unsigned int cpu)
{
	struct cpu *c = &cpus[cpu];
	size_t from, to;

	if (c->used)
		qsort(c->uses, c->used, sizeof(*c->uses), by_insn);
	for (from = 0; from < c->used; from = to) {
		const struct insn *insn = c->uses[from].insn;
		unsigned long long packets = 0;

		for (to = from; to < c->used &&
		     c->uses[to].insn->address == insn->address; to++)
			packets += c->uses[to].packets;
		if (insn->atomic)
			fprintf(out, "atomic %u %llx %llu\n", cpu,
				(unsigned long long)insn->address, packets);
	}
}

/* No processor has a packet meanwhile. */
static void report(void)
{
	unsigned int cpu;

	fprintf(out, "path\n");
	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		sort(&cpus[cpu]);
		if (cpus[cpu].packets)
			fprintf(out, "packets %u %u\n", cpu, cpus[cpu].packets);
	}
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		report_lines(cpu);
	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		report_atomic(cpu);
		free(cpus[cpu].uses);
		cpus[cpu] = (struct cpu){};
	}
}

static void path_begins(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (in_path)
		report();
	in_path = true;
}

static void machine_ends(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	if (in_path)
		report();
	fclose(out);
}

/* --- looking at code ----------------------------------------------------------- */

/* Return: IVQ_BENCH_MARK_..., or 0. */
static uint32_t mark_of(const uint8_t *code, size_t len)
{
	static const uint8_t nop[] = { IVQ_BENCH_MARK_OPCODE };
	uint32_t mark;

	if (len != sizeof(nop) + sizeof(mark) || memcmp(code, nop, sizeof(nop)))
		return 0;
	memcpy(&mark, code + sizeof(nop), sizeof(mark));
	return mark;
}

static bool is_prefix(uint8_t octet)
{
	return octet == 0x66 || octet == 0x64 || octet == 0x65 ||
	       (octet & 0xf0) == 0x40;
}

/* A lock prefix comes first here; xchg with memory needs none. */
static bool is_atomic(const uint8_t *code, size_t len)
{
	size_t i = 0;

	if (code[0] == 0xf0)
		return true;
	while (i + 1 < len && is_prefix(code[i]))
		i++;
	return i + 1 < len && (code[i] & 0xfe) == 0x86 && code[i + 1] >> 6 != 3;
}

static void look_at(struct qemu_plugin_insn *qemu_insn)
{
	const uint8_t *code = qemu_plugin_insn_data(qemu_insn);
	size_t len = qemu_plugin_insn_size(qemu_insn);
	void (*on_mark)(unsigned int cpu, void *data) = NULL;
	struct insn *insn;

	switch (mark_of(code, len)) {
	case IVQ_BENCH_MARK_BEGIN: on_mark = packet_begins; break;
	case IVQ_BENCH_MARK_END: on_mark = packet_ends; break;
	case IVQ_BENCH_MARK_PATH: on_mark = path_begins; break;
	}
	if (on_mark) {
		qemu_plugin_register_vcpu_insn_exec_cb(qemu_insn, on_mark,
						       QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
		return;
	}
	insn = allocate(1, sizeof(*insn));
	insn->address = qemu_plugin_insn_vaddr(qemu_insn);
	insn->atomic = is_atomic(code, len);
	qemu_plugin_register_vcpu_mem_cb(qemu_insn, memory_used,
					 QEMU_PLUGIN_CB_NO_REGS,
					 QEMU_PLUGIN_MEM_RW, insn);
}

/* Addresses of the kernel. */
static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_vaddr(insn) >> 63)
			look_at(insn);
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info_t *info,
					   int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "lines: out=FILE is missing\n");
		return -1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, machine_ends, NULL);
	return 0;
}
