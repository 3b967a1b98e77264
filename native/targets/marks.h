/** @file marks.h The two functions between whose calls count_marked.c counts; they do nothing. */
#ifndef PARLEY_MARKS_H
#define PARLEY_MARKS_H

void mark_begin(void);
void mark_end(void);

#endif
