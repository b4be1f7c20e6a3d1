//go:build !purego

#include "textflag.h"

// Each word is a byte repeated, to be spread over a register of 32 bytes.
DATA stopBytes<>+0(SB)/8, $0x2222222222222222  // '"'
DATA stopBytes<>+8(SB)/8, $0x5c5c5c5c5c5c5c5c  // '\'
DATA stopBytes<>+16(SB)/8, $0x1f1f1f1f1f1f1f1f // the last control character
GLOBL stopBytes<>(SB), RODATA|NOPTR, $24

// STOPS sets the top bit of each byte of IN that is a stop, in OUT. A byte over 0x7f has it
// itself.
#define STOPS(IN, OUT, TMP) \
	VPCMPEQB IN, Y8, OUT   \
	VPCMPEQB IN, Y9, TMP   \
	VPOR     TMP, OUT, OUT \
	VPMINUB  IN, Y10, TMP  \
	VPCMPEQB IN, TMP, TMP  \
	VPOR     TMP, OUT, OUT \
	VPOR     IN, OUT, OUT

// func markStops(src *byte, blocks int, marks *uint64)
TEXT ·markStops(SB), NOSPLIT, $0-24
	MOVQ src+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ marks+16(FP), DI

	VPBROADCASTQ stopBytes<>+0(SB), Y8
	VPBROADCASTQ stopBytes<>+8(SB), Y9
	VPBROADCASTQ stopBytes<>+16(SB), Y10

next:
	VMOVDQU   (SI), Y0
	VMOVDQU   32(SI), Y1
	STOPS(Y0, Y2, Y4)
	STOPS(Y1, Y3, Y5)
	VPMOVMSKB Y2, AX
	VPMOVMSKB Y3, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	MOVQ      AX, (DI)
	ADDQ      $64, SI
	ADDQ      $8, DI
	DECQ      CX
	JNZ       next
	VZEROUPPER
	RET
