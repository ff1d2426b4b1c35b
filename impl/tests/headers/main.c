/* SPDX-License-Identifier: MIT */
/* The headers compiled, or this program would not exist. */
int main(void) { return 0; }
