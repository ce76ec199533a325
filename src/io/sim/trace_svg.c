/* SPDX-License-Identifier: MIT
 *
 * What was recorded, as a picture: arrows, texts and the frame around them (SVG 1.1).
 *
 * All coordinates are whole numbers or thousandths written by hand: neither the locale nor the
 * machine's arithmetic shows in the picture.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/utf8.h>

#include "io/sim/trace_picture.h"

enum { NAME_EVERY = 700, LABEL_AT = 16, NOTE_LETTER = 6, MOST_NOTE = 60 };

static const char style[] =
    "<style>\n"
    "text{font:11px system-ui,sans-serif;fill:#24292f}\n"
    ".bg{fill:#fff}.when{font-size:10px;fill:#6e7781}.name{font-size:13px;font-weight:600}\n"
    ".title{font-size:15px;font-weight:600}.lane{stroke:#8c959f;stroke-width:1.5}\n"
    ".tick{stroke:#d0d7de;stroke-width:1}.grip{stroke:#000;stroke-opacity:0;stroke-width:14}\n"
    ".halo{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}\n"
    ".a{fill:none;stroke-width:1.4}.data{stroke:#0969da}.syn{stroke:#1a7f37}.fin{stroke:#6e7781}\n"
    ".rst{stroke:#cf222e}.udp{stroke:#8250df}.lost{stroke-dasharray:4 3;stroke:#cf222e}\n"
    ".hd.data{fill:#0969da}.hd.syn{fill:#1a7f37}.hd.fin{fill:#6e7781}.hd.rst{fill:#cf222e}\n"
    ".hd.udp{fill:#8250df}.x{stroke:#cf222e;stroke-width:2;fill:none}.small{font-size:10px}\n"
    ".task{fill:#ddf4ff;stroke:#54aeff;stroke-width:.7}.tname{font-size:8.5px}\n"
    ".note{fill:#fff8c5;stroke:#d4a72c}.bad{fill:#bc4c00}.wrong{fill:#ffebe9;stroke:#cf222e}\n"
    ".fname{font-size:10px;font-weight:600;fill:#953800}\n"
    ".faint{fill-opacity:.6;font-size:11px}\n"
    ".pause{fill:none;stroke:#afb8c1;stroke-width:1.2}.f{fill-opacity:.28;stroke-opacity:.6}\n"
    ".down{fill:#cf222e;stroke:#cf222e}.cut{fill:#8250df;stroke:#8250df}\n"
    ".few{fill:#bf8700;stroke:#bf8700}.reset{fill:#cf222e}\n"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bg{fill:#0d1117}\n"
    ".when{fill:#8d96a0}.lane{stroke:#6e7681}.tick{stroke:#30363d}.halo{stroke:#0d1117}\n"
    ".data{stroke:#58a6ff}.syn{stroke:#3fb950}.fin{stroke:#8d96a0}.rst{stroke:#ff7b72}\n"
    ".udp{stroke:#bc8cff}.hd.data{fill:#58a6ff}.hd.syn{fill:#3fb950}.hd.fin{fill:#8d96a0}\n"
    ".hd.rst{fill:#ff7b72}.hd.udp{fill:#bc8cff}.x{stroke:#ff7b72}\n"
    ".task{fill:#0c2d6b;stroke:#388bfd}.note{fill:#3b2e00;stroke:#9e6a03}.bad,.fname{fill:#f0883e}"
    "\n"
    ".wrong{fill:#490202;stroke:#f85149}.pause{stroke:#484f58}\n"
    ".down{fill:#f85149;stroke:#f85149}.cut{fill:#a371f7;stroke:#a371f7}\n"
    ".lost{stroke:#ff7b72}.few{fill:#d29922;stroke:#d29922}.reset{fill:#ff7b72}}\n"
    "</style>\n";

/* The bytes of the character at `at`; 0: it is none. */
static size_t character_size(const char *at)
{
    const unsigned char byte = (unsigned char)*at;
    const size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return weir_utf8_prefix(weir_bytes_of(at, strnlen(at, size))) == size ? size : 0;
}

static void put_character(FILE *out, const char *at, size_t size)
{
    switch (*at) {
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '&': fputs("&amp;", out); break;
    case '"': fputs("&quot;", out); break;
    default:
        if (size == 0) fputs("?", out);
        if (size == 1) putc((unsigned char)*at < ' ' ? ' ' : *at, out);
        if (size > 1) fwrite(at, 1, size, out);
        break;
    }
}

void weir_sim_draw_text(FILE *out, const char *text, size_t most)
{
    for (size_t shown = 0; *text; shown++) {
        if (shown == most) {
            fputs("…", out);
            return;
        }
        const size_t size = character_size(text);
        put_character(out, text, size);
        text += size ? size : 1;
    }
}

void weir_sim_draw_title(FILE *out, const sim_entry *e)
{
    char instant[32], what[TRACE_TEXT];
    fprintf(out, "<title>%s s, ", weir_sim_instant_print(e->when, instant));
    if (e->host) weir_sim_draw_text(out, e->host->name, SIZE_MAX);
    if (e->task) {
        fprintf(out, ", %llu ", (unsigned long long)e->task);
        weir_sim_draw_text(out, e->task_name, SIZE_MAX);
    }
    fputs(": ", out);
    weir_sim_draw_text(out, weir_sim_entry_print(e, what), SIZE_MAX);
    fputs("</title>", out);
}

static size_t letters(const char *text)
{
    size_t count = 0;
    for (; *text; text++) count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* Arrows ------------------------------------------------------------------------------------ */

typedef struct arrow {
    int x1, y1, x2, y2;
    int64_t dx, dy; /* its direction, of length 1,000 */
} arrow;

static int64_t root(int64_t square)
{
    int64_t r = 0;
    for (int64_t bit = INT64_C(1) << 30; bit; bit >>= 1)
        if ((r + bit) * (r + bit) <= square) r += bit;
    return r;
}

static arrow arrow_of(int x1, int y1, int x2, int y2)
{
    const int64_t dx = x2 - x1, dy = y2 - y1;
    int64_t length = root((dx * dx + dy * dy) * 10000); /* of hundredths */
    if (length == 0) length = 1;
    return (arrow){x1, y1, x2, y2, dx * 100000 / length, dy * 100000 / length};
}

static const char *class_of(const sim_entry *e)
{
    switch ((sim_packet_kind)e->what) {
    case PACKET_BYTES: return "data";
    case PACKET_FIN: return "fin";
    case PACKET_SYN:
    case PACKET_SYN_ACK: return "syn";
    case PACKET_DATAGRAM: return "udp";
    case PACKET_RST:
    case PACKET_REFUSAL:
    case PACKET_UNREACHABLE: break;
    }
    return "rst";
}

static void label_of(const sim_entry *e, char *out, size_t room)
{
    static const char *const names[] = {
        [PACKET_FIN] = "FIN",           [PACKET_RST] = "RST",     [PACKET_SYN] = "SYN",
        [PACKET_SYN_ACK] = "SYN+ACK",   [PACKET_REFUSAL] = "RST", [PACKET_DATAGRAM] = "UDP",
        [PACKET_UNREACHABLE] = "nobody"};
    const char *more = e->flags & PACKET_TWIN      ? " twice"
                       : e->flags & PACKET_CHANGED ? " changed"
                       : e->flags & PACKET_AGAIN   ? " again"
                                                   : "";
    if (e->what == PACKET_BYTES) {
        snprintf(out, room, "%u B%s", e->bytes, more);
    } else if (e->what == PACKET_DATAGRAM) {
        snprintf(out, room, "UDP %u B%s", e->bytes, more);
    } else {
        snprintf(out, room, "%s%s", names[e->what], more);
    }
}

static void put_thousandths(FILE *out, int64_t n)
{
    const int64_t size = n < 0 ? -n : n;
    fprintf(out, "%s%lld.%03d ", n < 0 ? "-" : "", (long long)(size / 1000), (int)(size % 1000));
}

/* Along the arrow, near its beginning, to be read from left to right. */
static void draw_label(FILE *out, const sim_entry *e, const arrow *a)
{
    char label[40];
    const bool left = a->dx < 0;
    const int64_t ux = left ? -a->dx : a->dx, uy = left ? -a->dy : a->dy;
    const int64_t x = (int64_t)a->x1 * 1000 + a->dx * LABEL_AT + uy * 3;
    const int64_t y = (int64_t)a->y1 * 1000 + a->dy * LABEL_AT - ux * 3;
    label_of(e, label, sizeof label);
    fputs("<text class=\"small halo\" transform=\"matrix(", out);
    put_thousandths(out, ux);
    put_thousandths(out, uy);
    put_thousandths(out, -uy);
    put_thousandths(out, ux);
    put_thousandths(out, x);
    put_thousandths(out, y);
    fprintf(out, ")\"%s>%s</text>", left ? " text-anchor=\"end\"" : "", label);
}

static void draw_head(FILE *out, const char *kind, const arrow *a)
{
    const int64_t bx = (int64_t)a->x2 * 1000 - a->dx * 8, by = (int64_t)a->y2 * 1000 - a->dy * 8;
    fprintf(out, "<polygon class=\"hd %s\" points=\"%d %d ", kind, a->x2, a->y2);
    put_thousandths(out, bx - a->dy * 7 / 2);
    put_thousandths(out, by + a->dx * 7 / 2);
    put_thousandths(out, bx + a->dy * 7 / 2);
    put_thousandths(out, by - a->dx * 7 / 2);
    fputs("\"/>", out);
}

static void draw_cross(FILE *out, int x, int y)
{
    fprintf(out, "<path class=\"x\" d=\"M%d %dl8 8m0-8l-8 8\"/>", x - 4, y - 4);
}

/* To whom a lost packet went, where more than one could be meant. */
static void draw_addressee(picture *p, const sim_entry *e, int x, int y)
{
    const bool left = x < weir_sim_layout_lane(&p->layout, e->host)->x;
    if (p->layout.lane_count < 3 || p->layout.spacing < 90) return;
    fprintf(p->out, "<text class=\"when halo\" x=\"%d\" y=\"%d\"%s>", left ? x - 7 : x + 7, y + 4,
            left ? " text-anchor=\"end\"" : "");
    weir_sim_draw_text(p->out, e->other->name, (size_t)p->layout.spacing / 14);
    fputs("</text>", p->out);
}

static void draw_packet(picture *p, const sim_mark *mark)
{
    const sim_entry *e = mark->entry;
    const bool lost = e->kind == ENTRY_LOST;
    const sim_lane_column *from = weir_sim_layout_lane(&p->layout, e->host);
    const sim_lane_column *to = weir_sim_layout_lane(&p->layout, e->other);
    int x2 = to->x, y2 = mark->y_end;
    if (e->flags & PACKET_NO_ROOM) {
        draw_cross(p->out, from->x, mark->y);
        return;
    }
    if (lost) {
        /* It gets half way to the next lane, so that no other lane seems to have it. */
        const int away = p->layout.spacing * 3 / 5;
        x2 = to->x > from->x ? from->x + away : from->x - away;
        y2 = mark->y + 8;
    }
    const arrow a = arrow_of(from->x, mark->y, x2, y2);
    fprintf(p->out, "<line class=\"a %s%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", class_of(e),
            lost ? " lost" : "", a.x1, a.y1, a.x2, a.y2);
    if (lost) {
        draw_cross(p->out, x2, y2);
        draw_addressee(p, e, x2, y2);
    } else {
        draw_head(p->out, class_of(e), &a);
    }
    draw_label(p->out, e, &a);
}

/* Texts ------------------------------------------------------------------------------------- */

static void draw_note(picture *p, const sim_mark *mark, const char *kind, int x)
{
    char what[TRACE_TEXT];
    const char *text = weir_sim_entry_print(mark->entry, what);
    size_t shown = letters(text);
    if (shown > MOST_NOTE) shown = MOST_NOTE;
    const int width = (int)(shown + 1) * NOTE_LETTER + 12;
    if (x + width > p->layout.width - 4) x = p->layout.width - 4 - width;
    if (x < 4) x = 4;
    fprintf(p->out,
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"15\" rx=\"3\"/>"
            "<text x=\"%d\" y=\"%d\">",
            kind, x, mark->y - 8, width, x + 6, mark->y + 3);
    weir_sim_draw_text(p->out, text, shown);
    fputs("</text>", p->out);
}

static void draw_failure(picture *p, const sim_mark *mark)
{
    const sim_entry *e = mark->entry;
    const int x = weir_sim_layout_lane(&p->layout, e->host)->x;
    const char *error = weir_errname((int)e->value);
    if (strncmp(error, "WEIR_", 5) == 0) error += 5;
    fprintf(p->out,
            "<circle class=\"bad\" cx=\"%d\" cy=\"%d\" r=\"3.5\"/>"
            "<text class=\"small halo\" x=\"%d\" y=\"%d\">%s: %s</text>",
            x, mark->y, x + 7, mark->y + 4, e->name, error);
}

static void draw_mark(picture *p, const sim_mark *mark)
{
    const sim_entry *e = mark->entry;
    const sim_lane_column *lane = e->host ? weir_sim_layout_lane(&p->layout, e->host) : NULL;
    if (!lane && e->kind != ENTRY_WRONG) return;
    if (mark->end || e->kind == ENTRY_BEGINS || e->kind == ENTRY_ENDS || e->kind == ENTRY_FAULT)
        return;
    fputs("<g>", p->out);
    weir_sim_draw_title(p->out, e);
    switch ((sim_entry_kind)e->kind) {
    case ENTRY_SENT:
    case ENTRY_LOST: draw_packet(p, mark); break;
    case ENTRY_SAID: draw_note(p, mark, "note", lane->x + 8); break;
    case ENTRY_WRONG: draw_note(p, mark, "wrong", LAYOUT_GUTTER); break;
    case ENTRY_DONE: draw_failure(p, mark); break;
    default: break;
    }
    fputs("</g>\n", p->out);
}

/* The frame --------------------------------------------------------------------------------- */

static void draw_names(picture *p, int y, const char *more)
{
    const bool narrow = p->layout.spacing < 70;
    for (size_t i = 0; i < p->layout.lane_count; i++) {
        const sim_lane_column *lane = &p->layout.lanes[i];
        fprintf(p->out, "<text class=\"name halo%s\" x=\"%d\" y=\"%d\"%s", more, lane->x, y,
                narrow ? "" : " text-anchor=\"middle\"");
        if (narrow)
            fprintf(p->out, " transform=\"rotate(-25 %d %d)\" style=\"font-size:11px\"", lane->x,
                    y);
        fputs(">", p->out);
        weir_sim_draw_text(p->out, lane->host->name, narrow ? 10 : (size_t)p->layout.spacing / 8);
        fputs("</text>\n", p->out);
    }
}

static void draw_lanes(picture *p)
{
    const int bottom = p->layout.height - 44;
    for (size_t i = 0; i < p->layout.lane_count; i++) {
        const sim_lane_column *lane = &p->layout.lanes[i];
        for (int grip = 0; grip < 2; grip++) {
            fprintf(p->out, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\">",
                    grip ? "grip" : "lane", lane->x, LAYOUT_HEAD - 8, lane->x, bottom);
            fputs("<title>", p->out);
            weir_sim_draw_text(p->out, lane->host->name, SIZE_MAX);
            fputs("</title></line>\n", p->out);
        }
    }
}

static void draw_pause(picture *p, const sim_mark *mark)
{
    char text[WEIR_DURATION_ROOM];
    const int y = mark->y - 20;
    weir_duration_print(weir_nanoseconds(mark->pause), text, sizeof text);
    fprintf(p->out, "<path class=\"pause\" d=\"M%d %d", LAYOUT_GUTTER, y);
    for (int x = LAYOUT_GUTTER; x + 16 <= p->layout.width - LAYOUT_MARGIN; x += 16)
        fputs("l4-4l8 8l4-4", p->out);
    fprintf(p->out,
            "\"/><text class=\"when halo\" x=\"%d\" y=\"%d\" text-anchor=\"end\">≈ %s</text>\n",
            LAYOUT_GUTTER - 10, y + 3, text);
}

/* Where there is place for them; to the microsecond. */
static void draw_instants(picture *p)
{
    int last = 0;
    char instant[32] = "", before[32] = "";
    for (size_t i = 0; i < p->layout.count; i++) {
        const sim_mark *mark = &p->layout.marks[i];
        if (mark->pause) {
            draw_pause(p, mark);
            if (last < mark->y - 14) last = mark->y - 14;
        }
        if (mark->y - last < 13) continue;
        weir_sim_instant_print(mark->when, instant);
        instant[strlen(instant) - 4] = 0;
        if (strcmp(instant, before) == 0) continue;
        memcpy(before, instant, sizeof before);
        last = mark->y;
        fprintf(p->out,
                "<line class=\"tick\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
                "<text class=\"when\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
                LAYOUT_GUTTER - 8, mark->y, p->layout.width - LAYOUT_MARGIN, mark->y,
                LAYOUT_GUTTER - 12, mark->y + 3, instant);
    }
}

static void draw_top(picture *p, const world *w, const weir_sim_view *view)
{
    const sim_layout *l = &p->layout;
    fprintf(p->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\">\n",
            l->width, l->height, l->width, l->height);
    fputs(style, p->out);
    fprintf(p->out, "<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n", l->width, l->height);
    fputs("<text class=\"title\" x=\"14\" y=\"24\">", p->out);
    if (view->title) weir_sim_draw_text(p->out, view->title, 90);
    fprintf(p->out, "%sseed %llu</text>\n", view->title ? ", " : "",
            (unsigned long long)w->options.seed);
    fprintf(p->out, "<text class=\"when\" x=\"%d\" y=\"24\" text-anchor=\"end\">", l->width - 14);
    if (l->left_out || (w->trace && w->trace->replaced))
        fprintf(p->out, "%llu earlier marks are not shown · ",
                (unsigned long long)(l->left_out + w->trace->replaced));
    fputs("seconds; time is not to scale, ≈ is a pause</text>\n", p->out);
}

static void draw_legend(picture *p)
{
    static const struct {
        const char *kind, *text;
    } rows[] = {{"syn", "SYN"}, {"data", "bytes"}, {"fin", "FIN"},
                {"rst", "RST"}, {"udp", "UDP"},    {"a lost", "lost"}};
    const int y = p->layout.height - 14;
    int x = 14;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, x += 78)
        fprintf(p->out,
                "<line class=\"a %s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
                "<text class=\"when\" x=\"%d\" y=\"%d\">%s</text>\n",
                rows[i].kind, x, y - 4, x + 26, y - 4, x + 32, y, rows[i].text);
    fprintf(p->out,
            "<text class=\"when\" x=\"%d\" y=\"%d\">thin bars: tasks · coloured bars: faults · "
            "dots: operations that failed</text>\n",
            x, y);
}

int weir_sim_write_svg(const weir_sim *w, const weir_sim_view *view, FILE *out)
{
    static const weir_sim_view all;
    picture p = {.out = out};
    if (!view) view = &all;
    int error = weir_sim_layout_make(w, view, &p.layout);
    if (!error) error = weir_sim_bars_make(&p);
    if (!error) {
        draw_top(&p, w, view);
        draw_instants(&p);
        weir_sim_draw_bars(&p, BAR_FAULT);
        draw_lanes(&p);
        weir_sim_draw_bars(&p, BAR_TASK);
        for (int y = LAYOUT_HEAD + NAME_EVERY; y < p.layout.height - 200; y += NAME_EVERY)
            draw_names(&p, y, " faint");
        for (size_t i = 0; i < p.layout.count; i++) draw_mark(&p, &p.layout.marks[i]);
        weir_sim_draw_bar_names(&p);
        draw_names(&p, LAYOUT_HEAD - 18, "");
        draw_names(&p, p.layout.height - 30, "");
        draw_legend(&p);
        fputs("</svg>\n", out);
        error = weir_sim_trace_flush(out);
    }
    free(p.bars);
    weir_sim_layout_end(&p.layout);
    return error;
}
