// SPDX-License-Identifier: GPL-2.0-only
#include "tracing/skblayout.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

static int say_nothing(enum libbpf_print_level level, const char *format,
		       va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/*
 * Offset in bits of a member, those of unnamed structs and unions included, and its
 * type.  Return: false when there is none.
 */
static bool find_member(const struct btf *btf, const struct btf_type *type,
			const char *name, unsigned int *bits, __u32 *member_type)
{
	const struct btf_member *member = btf_members(type);
	unsigned int i, base = *bits;

	for (i = 0; i < btf_vlen(type); i++, member++) {
		const char *own = btf__name_by_offset(btf, member->name_off);
		const struct btf_type *inner;

		*bits = base + btf_member_bit_offset(type, i);
		*member_type = member->type;
		if (own && !strcmp(own, name))
			return true;
		inner = btf__type_by_id(btf, (__u32)btf__resolve_type(btf, member->type));
		if ((!own || !*own) && inner && btf_is_composite(inner) &&
		    find_member(btf, inner, name, bits, member_type))
			return true;
	}
	return false;
}

/* @path: "ns.inum" */
static bool find_offset(const struct btf *btf, const char *structure,
			const char *path, unsigned int *offset)
{
	__s32 id = btf__find_by_name_kind(btf, structure, BTF_KIND_STRUCT);
	unsigned int bits = 0;
	__u32 member_type;
	char name[32];

	while (id > 0) {
		const struct btf_type *type = btf__type_by_id(btf, (__u32)id);
		size_t len = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		if (!type || !btf_is_composite(type) ||
		    !find_member(btf, type, name, &bits, &member_type))
			return false;
		if (!path[len]) {
			*offset = bits / 8;
			return true;
		}
		path += len + 1;
		id = btf__resolve_type(btf, member_type);
	}
	return false;
}

/* A socket and its inode are one object, struct socket_alloc. */
static bool find_socket_inode(const struct btf *btf, struct skb_layout *layout)
{
	unsigned int socket, inode, number;

	if (!find_offset(btf, "sock", "sk_socket", &layout->sk_socket) ||
	    !find_offset(btf, "socket_alloc", "socket", &socket) ||
	    !find_offset(btf, "socket_alloc", "vfs_inode", &inode) ||
	    !find_offset(btf, "inode", "i_ino", &number))
		return false;
	layout->socket_inode = (int)(inode + number) - (int)socket;
	return true;
}

bool skb_layout_read(struct skb_layout *layout)
{
	struct btf *btf;
	bool found;

	libbpf_set_print(say_nothing);
	btf = btf__load_vmlinux_btf();
	if (!btf || libbpf_get_error(btf))
		return false;
	found = find_offset(btf, "sk_buff", "head", &layout->head) &&
		find_offset(btf, "sk_buff", "data", &layout->data) &&
		find_offset(btf, "sk_buff", "network_header",
			    &layout->network_header) &&
		find_offset(btf, "sk_buff", "dev", &layout->dev) &&
		find_offset(btf, "net_device", "name", &layout->dev_name) &&
		find_offset(btf, "net_device", "nd_net.net", &layout->dev_net) &&
		find_offset(btf, "net", "ns.inum", &layout->net_inum) &&
		find_socket_inode(btf, layout);
	btf__free(btf);
	return found;
}
