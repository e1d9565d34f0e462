// SPDX-License-Identifier: GPL-2.0-only
/*
 * btfids MODULE BASE - fills in the numbers of the functions that a kernel module offers to
 * BPF, as the kernel's resolve_btfids does, which the headers of Debian 12's kernel lack.
 *
 * MODULE has BTF already, split from BASE.  Its section .BTF_ids has sets of functions,
 * as <linux/btf_ids.h> lays them out: count, flags, then a number and flags for each.
 * A symbol says where a set is (__BTF_ID__set8__NAME), and another one where the number of
 * a function is (__BTF_ID__func__NAME__UNIQUE).
 */
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <unistd.h>

#define SET	"__BTF_ID__set8__"
#define FUNC	"__BTF_ID__func__"

struct pair {
	uint32_t id;
	uint32_t flags;
};

/* The module's file. */
static const char *path;
static int fd;
static Elf *elf;
static GElf_Shdr ids, symbols;
static size_t ids_index;
static Elf_Data *symbol_data;

static noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "Error: btfids: %s: %s.\n", what, why);
	exit(1);
}

static void find_sections(void)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		fail(path, "it has no names of sections");
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		gelf_getshdr(section, &header);
		name = elf_strptr(elf, names, header.sh_name);
		if (name && !strcmp(name, ".BTF_ids")) {
			ids = header;
			ids_index = elf_ndxscn(section);
		} else if (header.sh_type == SHT_SYMTAB) {
			symbols = header;
			symbol_data = elf_getdata(section, NULL);
		}
	}
	if (!ids_index)
		fail(path, "it has no section .BTF_ids, so no function for BPF");
	if (!symbol_data)
		fail(path, "it has no symbols");
}

/* The next symbol of .BTF_ids whose name begins so, from *@at on.  Return: its name, or NULL. */
static const char *next_symbol(const char *prefix, size_t *at, GElf_Sym *symbol)
{
	size_t count = symbols.sh_size / symbols.sh_entsize;

	while (*at < count) {
		const char *name;

		gelf_getsym(symbol_data, (*at)++, symbol);
		if (symbol->st_shndx != ids_index)
			continue;
		name = elf_strptr(elf, symbols.sh_link, symbol->st_name);
		if (name && !strncmp(name, prefix, strlen(prefix)))
			return name;
	}
	return NULL;
}

static void read_ids(uint64_t at, void *to, size_t len)
{
	if (at + len > ids.sh_size ||
	    pread(fd, to, len, ids.sh_offset + at) != (ssize_t)len)
		fail(path, "its section .BTF_ids ends too early");
}

static void write_ids(uint64_t at, const void *from, size_t len)
{
	if (at + len > ids.sh_size ||
	    pwrite(fd, from, len, ids.sh_offset + at) != (ssize_t)len)
		fail(path, "its section .BTF_ids cannot be written");
}

/* __BTF_ID__func__NAME__UNIQUE, of which UNIQUE has no underscores in a row. */
static uint32_t type_of(const struct btf *btf, const char *symbol)
{
	char *name = strdup(symbol + strlen(FUNC)), *end = NULL, *p;
	int32_t id;

	if (!name)
		fail(path, strerror(ENOMEM));
	for (p = name; (p = strstr(p, "__")); p++)
		end = p;
	if (end)
		*end = '\0';
	id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	if (id <= 0)
		fail(name, "the module's BTF has no such function");
	free(name);
	return id;
}

static void fill_functions(const struct btf *btf)
{
	const char *name;
	GElf_Sym symbol;
	size_t at = 0;

	while ((name = next_symbol(FUNC, &at, &symbol))) {
		uint32_t id = type_of(btf, name);

		write_ids(symbol.st_value, &id, sizeof(id));
	}
}

static int compare(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* The kernel searches a set by halves. */
static void sort_sets(void)
{
	GElf_Sym symbol;
	size_t at = 0;

	while (next_symbol(SET, &at, &symbol)) {
		uint32_t count = symbol.st_size / sizeof(struct pair) - 1;
		size_t len = count * sizeof(struct pair);
		struct pair *pairs = malloc(len + 1);
		uint64_t first = symbol.st_value + sizeof(struct pair);

		if (!pairs)
			fail(path, strerror(ENOMEM));
		read_ids(first, pairs, len);
		qsort(pairs, count, sizeof(*pairs), compare);
		write_ids(first, pairs, len);
		write_ids(symbol.st_value, &count, sizeof(count));
		free(pairs);
	}
}

int main(int argc, char **argv)
{
	struct btf *base, *btf;

	if (argc != 3) {
		fputs("Usage: btfids MODULE BASE\n", stderr);
		return 2;
	}
	path = argv[1];
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail(path, strerror(errno));
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		fail(path, "it is not an ELF file");
	find_sections();
	base = btf__parse(argv[2], NULL);
	if (!base)
		fail(argv[2], "it has no BTF");
	btf = btf__parse_split(path, base);
	if (!btf)
		fail(path, "it has no BTF that fits the base");
	fill_functions(btf);
	sort_sets();
	btf__free(btf);
	btf__free(base);
	elf_end(elf);
	return close(fd) ? (perror(path), 1) : 0;
}
