/* Reads mail with GMime, for tests of ours against it.
 *
 *   reader FILE          prints the structure of the message in FILE, one entity
 *                        a line: its path, type, file name, and the size and
 *                        SHA-256 of its decoded body
 *   reader -n N FILE     reads all messages of the mbox FILE and decodes their
 *                        bodies, N times
 */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* quoted prints a string with what is no printable ASCII as \xHH. */
static void quoted(const char *s) {
	putchar('"');
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void leaf(const char *path, const char *type, GMimePart *part) {
	GMimeStream *mem = g_mime_stream_mem_new();
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	if (content)
		g_mime_data_wrapper_write_to_stream(content, mem);
	GByteArray *b = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
	char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, b->data, b->len);
	printf("%s %s ", path, type);
	quoted(g_mime_part_get_filename(part));
	printf(" %u %s\n", b->len, sum);
	g_free(sum);
	g_object_unref(mem);
}

/* children have their parent's path and their number; the path of the topmost
 * entity is "". */
static char *below(const char *path, int n) {
	return *path ? g_strdup_printf("%s.%d", path, n) : g_strdup_printf("%d", n);
}

static void entity(const char *path, GMimeObject *o) {
	GMimeContentType *ct = g_mime_object_get_content_type(o);
	char *type = g_ascii_strdown(g_mime_content_type_get_mime_type(ct), -1);
	const char *shown = *path ? path : "-";
	if (GMIME_IS_MULTIPART(o)) {
		GMimeMultipart *m = GMIME_MULTIPART(o);
		printf("%s %s\n", shown, type);
		for (int i = 0; i < g_mime_multipart_get_count(m); i++) {
			char *p = below(path, i + 1);
			entity(p, g_mime_multipart_get_part(m, i));
			g_free(p);
		}
	} else if (GMIME_IS_MESSAGE_PART(o)) {
		GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));
		printf("%s %s\n", shown, type);
		GMimeObject *top = m ? g_mime_message_get_mime_part(m) : NULL;
		if (top) {
			/* A multipart that is all of a message has no number of its own. */
			char *p = GMIME_IS_MULTIPART(top) ? g_strdup(path) : below(path, 1);
			entity(p, top);
			g_free(p);
		}
	} else if (GMIME_IS_PART(o)) {
		leaf(shown, type, GMIME_PART(o));
	}
	g_free(type);
}

static int show(const char *file) {
	GError *err = NULL;
	GMimeStream *in = g_mime_stream_file_open(file, "r", &err);
	if (!in)
		return 1;
	GMimeParser *p = g_mime_parser_new_with_stream(in);
	GMimeMessage *m = g_mime_parser_construct_message(p, NULL);
	if (!m)
		return 1;
	printf("subject ");
	quoted(g_mime_message_get_subject(m));
	char *from = internet_address_list_to_string(g_mime_message_get_from(m), NULL, FALSE);
	char *to = internet_address_list_to_string(g_mime_message_get_to(m), NULL, FALSE);
	printf("\nfrom ");
	quoted(from);
	printf("\nto ");
	quoted(to);
	printf("\n");
	if (g_mime_message_get_mime_part(m))
		entity("", g_mime_message_get_mime_part(m));
	g_free(from);
	g_free(to);
	g_object_unref(m);
	g_object_unref(p);
	g_object_unref(in);
	return 0;
}

static void decode(GMimeObject *parent, GMimeObject *o, gpointer data) {
	(void)parent;
	if (!GMIME_IS_PART(o))
		return;
	GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(o));
	GMimeStream *null = g_mime_stream_null_new();
	if (content)
		*(gint64 *)data += g_mime_data_wrapper_write_to_stream(content, null);
	g_object_unref(null);
}

static int read_all(const char *file, int n) {
	gint64 octets = 0;
	int messages = 0;
	for (int i = 0; i < n; i++) {
		GError *err = NULL;
		GMimeStream *in = g_mime_stream_file_open(file, "r", &err);
		if (!in)
			return 1;
		GMimeParser *p = g_mime_parser_new_with_stream(in);
		g_mime_parser_set_format(p, GMIME_FORMAT_MBOX);
		while (!g_mime_parser_eos(p)) {
			GMimeMessage *m = g_mime_parser_construct_message(p, NULL);
			if (!m)
				continue;
			messages++;
			GMimeObject *top = g_mime_message_get_mime_part(m);
			if (GMIME_IS_MULTIPART(top))
				g_mime_multipart_foreach(GMIME_MULTIPART(top), decode, &octets);
			else if (top)
				decode(NULL, top, &octets);
			g_object_unref(m);
		}
		g_object_unref(p);
		g_object_unref(in);
	}
	printf("%d %" G_GINT64_FORMAT "\n", messages, octets);
	return 0;
}

int main(int argc, char **argv) {
	int status = 2;
	g_mime_init();
	if (argc == 4 && strcmp(argv[1], "-n") == 0)
		status = read_all(argv[3], atoi(argv[2]));
	else if (argc == 2)
		status = show(argv[1]);
	else
		fprintf(stderr, "usage: reader [-n N] FILE\n");
	g_mime_shutdown();
	return status;
}
