#include "random_calendar.h"

#include "random_book.h"

/* So many seconds it stays as it is. */
enum { SLOT = 12 };

static struct dice dice_for(uint64_t seed, const char *name, uint64_t slot)
{
    uint64_t sum = seed;
    for (const char *at = name; *at; at++)
        sum = sum * 31 + (uint64_t)(unsigned char)*at;
    struct dice dice = dice_of(sum * 1000003 + slot);
    (void)dice_roll(&dice, 2);
    return dice;
}

struct calendar_look calendar_look(uint64_t seed, const char *name, rb_time at)
{
    struct dice whole = dice_for(seed, name, 0);
    if (dice_percent(&whole, 8))
        return (struct calendar_look){CALENDAR_CLOSED, 0, 0};
    rb_time slot = at / (SLOT * RB_SEC);
    struct dice dice = dice_for(seed, name, 1 + (uint64_t)slot);
    unsigned rolled = dice_roll(&dice, 10);
    return (struct calendar_look){.says = rolled < 3    ? CALENDAR_CLOSED
                                          : rolled == 3 ? CALENDAR_UNKNOWN
                                                        : CALENDAR_OPEN,
                                  .since = slot * SLOT * RB_SEC,
                                  .until = (slot + 1) * SLOT * RB_SEC};
}
