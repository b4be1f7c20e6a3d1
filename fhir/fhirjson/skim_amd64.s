//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Each word is a byte repeated, to be spread over a register of 32 bytes.
DATA skimBytes<>+0(SB)/8, $0x2222222222222222  // '"'
DATA skimBytes<>+8(SB)/8, $0x5c5c5c5c5c5c5c5c  // '\'
DATA skimBytes<>+16(SB)/8, $0x2020202020202020 // makes '[' '{' and ']' '}'
DATA skimBytes<>+24(SB)/8, $0x7b7b7b7b7b7b7b7b // '{'
DATA skimBytes<>+32(SB)/8, $0x7d7d7d7d7d7d7d7d // '}'
GLOBL skimBytes<>(SB), RODATA|NOPTR, $40

// EQUAL makes one bit of each byte of Y0:Y1 that equals one of Y, in OUT.
#define EQUAL(LOW, HIGH, Y, OUT, TMP) \
	VPCMPEQB  LOW, Y, Y4  \
	VPCMPEQB  HIGH, Y, Y5 \
	VPMOVMSKB Y4, OUT     \
	VPMOVMSKB Y5, TMP     \
	SHLQ      $32, TMP    \
	ORQ       TMP, OUT

// func skimBlocksAVX2(src *byte, blocks int, s *skimState) (done int)
//
// The words of bits have one for each byte of a block of 64, the first byte in the
// lowest bit.
TEXT ·skimBlocksAVX2(SB), NOSPLIT, $0-32
	MOVQ src+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ s+16(FP), DI
	MOVQ skimState_depth(DI), R8    // how many containers are open
	MOVQ skimState_inside(DI), R9   // all ones within a string
	MOVQ skimState_escaped(DI), R10 // 1 if the next byte is escaped

	VPBROADCASTQ skimBytes<>+0(SB), Y8
	VPBROADCASTQ skimBytes<>+8(SB), Y9
	VPBROADCASTQ skimBytes<>+16(SB), Y10
	VPBROADCASTQ skimBytes<>+24(SB), Y11
	VPBROADCASTQ skimBytes<>+32(SB), Y12
	VPCMPEQB     X13, X13, X13

	XORQ AX, AX

next:
	CMPQ AX, CX
	JGE  end
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	EQUAL(Y0, Y1, Y8, BX, DX)  // BX: quotes
	EQUAL(Y0, Y1, Y9, R11, DX) // R11: backslashes

	// What the backslashes escape. Mostly there are none.
	MOVQ  R10, R12 // the escape to be carried on
	MOVQ  R11, DX
	ORQ   R10, DX
	JZ    unescaped
	MOVQ  R10, DX
	NOTQ  DX
	ANDQ  R11, DX                  // backslashes that are not escaped by the block before
	ADDQ  DX, DX                   // what they might escape
	MOVQ  $0xaaaaaaaaaaaaaaaa, R13
	MOVQ  DX, R14
	ORQ   R13, R14
	MOVQ  R10, DX
	NOTQ  DX
	ANDQ  R11, DX
	SUBQ  DX, R14                  // runs of backslashes end at odd or even bits
	XORQ  R13, R14                 // escapes, and what they escape
	MOVQ  R14, DX
	ANDQ  R11, DX
	SHRQ  $63, DX
	MOVQ  DX, R12
	ORQ   R10, R11
	XORQ  R11, R14                 // R14: what is escaped
	NOTQ  R14
	ANDQ  R14, BX

unescaped:
	// A byte is inside a string if the number of quotes up to it is odd.
	VMOVQ       BX, X6
	VPCLMULQDQ  $0, X13, X6, X6
	VMOVQ       X6, R11
	XORQ      R9, R11 // R11: inside
	VPOR      Y0, Y10, Y0
	VPOR      Y1, Y10, Y1
	EQUAL(Y0, Y1, Y12, BX, DX)
	EQUAL(Y0, Y1, Y11, R13, DX)
	NOTQ      R11
	ANDQ      R11, BX  // BX: closing
	ANDQ      R11, R13 // R13: opening
	NOTQ      R11
	POPCNTQ   BX, DX
	CMPQ      DX, R8
	JGE       may // the container may end in this block
	POPCNTQ   R13, R13
	ADDQ      R13, R8
	SUBQ      DX, R8
	MOVQ      R11, R9
	SARQ      $63, R9
	MOVQ      R12, R10
	ADDQ      $64, SI
	INCQ      AX
	JMP       next

may:
	MOVQ BX, skimState_closing(DI)
	MOVQ R13, skimState_opening(DI)
	SARQ $63, R11
	MOVQ R11, R9
	MOVQ R12, R10

end:
	MOVQ R8, skimState_depth(DI)
	MOVQ R9, skimState_inside(DI)
	MOVQ R10, skimState_escaped(DI)
	MOVQ AX, done+24(FP)
	VZEROUPPER
	RET
