/* SPDX-License-Identifier: MIT
 *
 * HTTP dates: writing IMF-fixdate, reading the three forms (RFC 9110 5.6.7).
 */
#include <weir/http/types/date.h>

#include <errno.h>

#include <weir/base/error.h>

#include "http/types/chars.h"

#define DAY_SECONDS  86400
#define YEAR_0       (-INT64_C(62167219200)) /* 0000-01-01 00:00:00 */
#define YEAR_10000   INT64_C(253402300800)
#define DAYS_TO_1970 719468 /* from 0000-03-01, where the computed years begin */

static const char day_names[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* A date as written; month 0 to 11. */
typedef struct fields {
    int year, month, day, hour, minute, second;
} fields;

/* Days since 1970-01-01.  Years begin in March, so that the leap day is the last of its year, and
 * 400 of them have 146097 days. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month < 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * ((month + 10) % 12) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

static void date_of(int64_t days, fields *f)
{
    int64_t z = days + DAYS_TO_1970;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    f->day = (int)(of_year - (153 * m + 2) / 5 + 1);
    f->month = (int)((m + 2) % 12);
    f->year = (int)(y + era * 400 + (f->month < 2));
}

static char *put2(char *at, int number)
{
    at[0] = (char)('0' + number / 10);
    at[1] = (char)('0' + number % 10);
    return at + 2;
}

int weir_http_date_format(int64_t seconds, char out[WEIR_HTTP_DATE_LEN + 1])
{
    if (seconds < YEAR_0 || seconds >= YEAR_10000) return WEIR_EINVAL;
    int64_t days = seconds / DAY_SECONDS;
    int rest = (int)(seconds % DAY_SECONDS);
    if (rest < 0) {
        rest += DAY_SECONDS;
        days--;
    }
    fields f;
    date_of(days, &f);
    int weekday = (int)((days % 7 + 11) % 7); /* 1970-01-01 was a Thursday */
    memcpy(out, "Day, 00 Mon 0000 00:00:00 GMT", WEIR_HTTP_DATE_LEN + 1);
    memcpy(out, day_names[weekday], 3);
    put2(out + 5, f.day);
    memcpy(out + 8, month_names[f.month], 3);
    put2(put2(out + 12, f.year / 100), f.year % 100);
    put2(out + 17, rest / 3600);
    put2(out + 20, rest / 60 % 60);
    put2(out + 23, rest % 60);
    return WEIR_HTTP_DATE_LEN;
}

/* Reading goes through a view that each step shortens; a step returns false when it does not
 * find what it looks for. */

static bool take_text(weir_bytes *in, const char *text)
{
    size_t len = strlen(text);
    if (in->len < len || memcmp(in->data, text, len) != 0) return false;
    *in = weir_bytes_of(in->data + len, in->len - len);
    return true;
}

static bool take_digits(weir_bytes *in, int count, int *number)
{
    *number = 0;
    if (in->len < (size_t)count) return false;
    for (int i = 0; i < count; i++) {
        if (!weir_http_is(in->data[i], WEIR_CHAR_DIGIT)) return false;
        *number = *number * 10 + (in->data[i] - '0');
    }
    *in = weir_bytes_of(in->data + count, in->len - (size_t)count);
    return true;
}

static bool take_month(weir_bytes *in, int *month)
{
    for (*month = 0; *month < 12; ++*month)
        if (take_text(in, month_names[*month])) return true;
    return false;
}

static bool take_time(weir_bytes *in, fields *f)
{
    return take_digits(in, 2, &f->hour) && take_text(in, ":") && take_digits(in, 2, &f->minute) &&
           take_text(in, ":") && take_digits(in, 2, &f->second);
}

/* After "Sun, ": 06 Nov 1994 08:49:37 GMT */
static bool take_imf(weir_bytes *in, fields *f)
{
    return take_digits(in, 2, &f->day) && take_text(in, " ") && take_month(in, &f->month) &&
           take_text(in, " ") && take_digits(in, 4, &f->year) && take_text(in, " ") &&
           take_time(in, f) && take_text(in, " GMT");
}

/* After "Sunday, ": 06-Nov-94 08:49:37 GMT.  RFC 9110 5.6.7: a year that appears to be more than
 * 50 years in the future is in the past. */
static bool take_rfc850(weir_bytes *in, int64_t now, fields *f)
{
    if (!take_digits(in, 2, &f->day) || !take_text(in, "-") || !take_month(in, &f->month) ||
        !take_text(in, "-") || !take_digits(in, 2, &f->year) || !take_text(in, " ") ||
        !take_time(in, f) || !take_text(in, " GMT"))
        return false;
    fields today;
    now = now < YEAR_0 ? YEAR_0 : now >= YEAR_10000 ? YEAR_10000 - 1 : now;
    date_of((now - YEAR_0) / DAY_SECONDS + YEAR_0 / DAY_SECONDS, &today);
    f->year += today.year - today.year % 100;
    if (f->year - today.year > 50) f->year -= 100;
    if (today.year - f->year >= 50) f->year += 100;
    return true;
}

/* After "Sun ": Nov  6 08:49:37 1994 */
static bool take_asctime(weir_bytes *in, fields *f)
{
    if (!take_month(in, &f->month) || !take_text(in, " ")) return false;
    bool day = take_text(in, " ") ? take_digits(in, 1, &f->day) : take_digits(in, 2, &f->day);
    return day && take_text(in, " ") && take_time(in, f) && take_text(in, " ") &&
           take_digits(in, 4, &f->year);
}

static bool is_date(const fields *f)
{
    static const int days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = f->year % 4 == 0 && (f->year % 100 != 0 || f->year % 400 == 0);
    if (f->month == 1 && f->day == 29 && !leap) return false;
    return f->year >= 0 && f->day >= 1 && f->day <= days[f->month] && f->hour < 24 &&
           f->minute < 60 && f->second <= 60;
}

int weir_http_date_parse(weir_bytes text, int64_t now, int64_t *seconds)
{
    fields f = {0};
    for (int day = 0; day < 7; day++) {
        char brief[4] = {day_names[day][0], day_names[day][1], day_names[day][2], '\0'};
        weir_bytes in = text;
        if (!take_text(&in, brief)) continue;
        weir_bytes rest = in;
        bool read;
        if (take_text(&in, ", "))
            read = take_imf(&in, &f);
        else if (take_text(&in, " "))
            read = take_asctime(&in, &f);
        else
            read = take_text(&rest, day_names[day] + 3) && take_text(&rest, ", ") &&
                   take_rfc850(&rest, now, &f) && (in = rest, true);
        if (!read || in.len != 0 || !is_date(&f)) return WEIR_EINVAL;
        *seconds = days_of(f.year, f.month, f.day) * DAY_SECONDS + f.hour * 3600 + f.minute * 60 +
                   f.second;
        return 0;
    }
    return WEIR_EINVAL;
}
