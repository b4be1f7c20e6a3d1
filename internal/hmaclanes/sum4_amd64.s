//go:build amd64 && !purego

#include "textflag.h"

// Four lanes: word i of the state of every lane is in Yi, and of the message schedule on
// the stack, behind the state before the block. Y8 to Y15 are scratch.

#define W(i) (256+(i)*32)(SP)

// TRANSPOSE makes of four rows of four words their columns, in place.
#define TRANSPOSE(r0, r1, r2, r3, t0, t1, t2, t3) \
	VPUNPCKLQDQ r1, r0, t0       \
	VPUNPCKHQDQ r1, r0, t1       \
	VPUNPCKLQDQ r3, r2, t2       \
	VPUNPCKHQDQ r3, r2, t3       \
	VPERM2I128  $0x20, t2, t0, r0 \
	VPERM2I128  $0x20, t3, t1, r1 \
	VPERM2I128  $0x31, t2, t0, r2 \
	VPERM2I128  $0x31, t3, t1, r3

// BLOCK loads four words of a block of every lane from word i on. Y15 has the order of the
// bytes of a word.
#define BLOCK(i) \
	VMOVDQU (i*8+0*128)(BX), Y0 \
	VMOVDQU (i*8+1*128)(BX), Y1 \
	VMOVDQU (i*8+2*128)(BX), Y2 \
	VMOVDQU (i*8+3*128)(BX), Y3 \
	VPSHUFB Y15, Y0, Y0         \
	VPSHUFB Y15, Y1, Y1         \
	VPSHUFB Y15, Y2, Y2         \
	VPSHUFB Y15, Y3, Y3         \
	TRANSPOSE(Y0, Y1, Y2, Y3, Y8, Y9, Y10, Y11) \
	VMOVDQU Y0, W(i+0)          \
	VMOVDQU Y1, W(i+1)          \
	VMOVDQU Y2, W(i+2)          \
	VMOVDQU Y3, W(i+3)

// STATE loads the states at an offset of the keys, and keeps them on the stack for the
// end of the block.
#define STATE(at) \
	MOVQ    0(AX), R8        \
	MOVQ    8(AX), R10       \
	MOVQ    16(AX), R11      \
	MOVQ    24(AX), R12      \
	VMOVDQU (at)(R8), Y0     \
	VMOVDQU (at)(R10), Y1    \
	VMOVDQU (at)(R11), Y2    \
	VMOVDQU (at)(R12), Y3    \
	VMOVDQU (at+32)(R8), Y4  \
	VMOVDQU (at+32)(R10), Y5 \
	VMOVDQU (at+32)(R11), Y6 \
	VMOVDQU (at+32)(R12), Y7 \
	TRANSPOSE(Y0, Y1, Y2, Y3, Y8, Y9, Y10, Y11) \
	TRANSPOSE(Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11) \
	VMOVDQU Y0, (0*32)(SP)   \
	VMOVDQU Y1, (1*32)(SP)   \
	VMOVDQU Y2, (2*32)(SP)   \
	VMOVDQU Y3, (3*32)(SP)   \
	VMOVDQU Y4, (4*32)(SP)   \
	VMOVDQU Y5, (5*32)(SP)   \
	VMOVDQU Y6, (6*32)(SP)   \
	VMOVDQU Y7, (7*32)(SP)

// ROTATE adds a word, rotated right by n bits, to an exclusive or.
#define ROTATE(n, x, sum, t) \
	VPSRLQ $n, x, t        \
	VPXOR  t, sum, sum     \
	VPSLLQ $(64-n), x, t   \
	VPXOR  t, sum, sum

// ROUND is a round of SHA-512 (FIPS 180-4, 6.4.2) with word i of the schedule. bc is the
// exclusive or of b and c, and ab becomes that of a and b, which the next round needs.
#define ROUND(a, b, c, d, e, f, g, h, i, ab, bc) \
	VPADDQ       W(i), h, h         \
	VPBROADCASTQ (i*8)(R9), Y8      \
	VPADDQ       Y8, h, h           \
	VPXOR        f, g, Y9           \
	VPAND        e, Y9, Y9          \
	VPXOR        g, Y9, Y9          \
	VPADDQ       Y9, h, h           \
	VPSRLQ       $14, e, Y10        \
	VPSLLQ       $50, e, Y11        \
	VPXOR        Y11, Y10, Y10      \
	ROTATE(18, e, Y10, Y12)         \
	ROTATE(41, e, Y10, Y13)         \
	VPADDQ       Y10, h, h          \
	VPADDQ       h, d, d            \
	VPXOR        a, b, ab           \
	VPAND        ab, bc, bc         \
	VPXOR        b, bc, bc          \
	VPADDQ       bc, h, h           \
	VPSRLQ       $28, a, Y8         \
	VPSLLQ       $36, a, Y9         \
	VPXOR        Y9, Y8, Y8         \
	ROTATE(34, a, Y8, Y11)          \
	ROTATE(39, a, Y8, Y12)          \
	VPADDQ       Y8, h, h

// NEXT replaces word i of the schedule by the one 16 words on.
#define NEXT(i, i1, i9, i14) \
	VMOVDQU W(i1), Y8           \
	VMOVDQU W(i14), Y9          \
	VPSRLQ  $7, Y8, Y10         \
	ROTATE(1, Y8, Y10, Y11)     \
	ROTATE(8, Y8, Y10, Y12)     \
	VPSRLQ  $6, Y9, Y13         \
	ROTATE(19, Y9, Y13, Y11)    \
	ROTATE(61, Y9, Y13, Y12)    \
	VPADDQ  W(i), Y10, Y10      \
	VPADDQ  W(i9), Y13, Y13     \
	VPADDQ  Y13, Y10, Y10       \
	VMOVDQU Y10, W(i)

// func sum4(keys *[4]*Key, blocks *[4][128]byte, sums *[4][64]byte)
TEXT ·sum4(SB), 0, $768-24
	MOVQ           keys+0(FP), AX
	MOVQ           blocks+8(FP), BX
	MOVQ           sums+16(FP), DI
	VBROADCASTI128 ·wordOrder(SB), Y15
	BLOCK(0)
	BLOCK(4)
	BLOCK(8)
	BLOCK(12)
	STATE(0)
	XORL           DX, DX

rounds:
	LEAQ  ·constants(SB), R9
	MOVL  $4, CX
	VPXOR Y1, Y2, Y15

scheduled:
	ROUND(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, 0, Y14, Y15)
	NEXT(0, 1, 9, 14)
	ROUND(Y7, Y0, Y1, Y2, Y3, Y4, Y5, Y6, 1, Y15, Y14)
	NEXT(1, 2, 10, 15)
	ROUND(Y6, Y7, Y0, Y1, Y2, Y3, Y4, Y5, 2, Y14, Y15)
	NEXT(2, 3, 11, 0)
	ROUND(Y5, Y6, Y7, Y0, Y1, Y2, Y3, Y4, 3, Y15, Y14)
	NEXT(3, 4, 12, 1)
	ROUND(Y4, Y5, Y6, Y7, Y0, Y1, Y2, Y3, 4, Y14, Y15)
	NEXT(4, 5, 13, 2)
	ROUND(Y3, Y4, Y5, Y6, Y7, Y0, Y1, Y2, 5, Y15, Y14)
	NEXT(5, 6, 14, 3)
	ROUND(Y2, Y3, Y4, Y5, Y6, Y7, Y0, Y1, 6, Y14, Y15)
	NEXT(6, 7, 15, 4)
	ROUND(Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y0, 7, Y15, Y14)
	NEXT(7, 8, 0, 5)
	ROUND(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, 8, Y14, Y15)
	NEXT(8, 9, 1, 6)
	ROUND(Y7, Y0, Y1, Y2, Y3, Y4, Y5, Y6, 9, Y15, Y14)
	NEXT(9, 10, 2, 7)
	ROUND(Y6, Y7, Y0, Y1, Y2, Y3, Y4, Y5, 10, Y14, Y15)
	NEXT(10, 11, 3, 8)
	ROUND(Y5, Y6, Y7, Y0, Y1, Y2, Y3, Y4, 11, Y15, Y14)
	NEXT(11, 12, 4, 9)
	ROUND(Y4, Y5, Y6, Y7, Y0, Y1, Y2, Y3, 12, Y14, Y15)
	NEXT(12, 13, 5, 10)
	ROUND(Y3, Y4, Y5, Y6, Y7, Y0, Y1, Y2, 13, Y15, Y14)
	NEXT(13, 14, 6, 11)
	ROUND(Y2, Y3, Y4, Y5, Y6, Y7, Y0, Y1, 14, Y14, Y15)
	NEXT(14, 15, 7, 12)
	ROUND(Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y0, 15, Y15, Y14)
	NEXT(15, 0, 8, 13)
	ADDQ $128, R9
	DECL CX
	JNZ  scheduled

	ROUND(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, 0, Y14, Y15)
	ROUND(Y7, Y0, Y1, Y2, Y3, Y4, Y5, Y6, 1, Y15, Y14)
	ROUND(Y6, Y7, Y0, Y1, Y2, Y3, Y4, Y5, 2, Y14, Y15)
	ROUND(Y5, Y6, Y7, Y0, Y1, Y2, Y3, Y4, 3, Y15, Y14)
	ROUND(Y4, Y5, Y6, Y7, Y0, Y1, Y2, Y3, 4, Y14, Y15)
	ROUND(Y3, Y4, Y5, Y6, Y7, Y0, Y1, Y2, 5, Y15, Y14)
	ROUND(Y2, Y3, Y4, Y5, Y6, Y7, Y0, Y1, 6, Y14, Y15)
	ROUND(Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y0, 7, Y15, Y14)
	ROUND(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, 8, Y14, Y15)
	ROUND(Y7, Y0, Y1, Y2, Y3, Y4, Y5, Y6, 9, Y15, Y14)
	ROUND(Y6, Y7, Y0, Y1, Y2, Y3, Y4, Y5, 10, Y14, Y15)
	ROUND(Y5, Y6, Y7, Y0, Y1, Y2, Y3, Y4, 11, Y15, Y14)
	ROUND(Y4, Y5, Y6, Y7, Y0, Y1, Y2, Y3, 12, Y14, Y15)
	ROUND(Y3, Y4, Y5, Y6, Y7, Y0, Y1, Y2, 13, Y15, Y14)
	ROUND(Y2, Y3, Y4, Y5, Y6, Y7, Y0, Y1, 14, Y14, Y15)
	ROUND(Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y0, 15, Y15, Y14)

	// The digest, which is the message of the outer hash.
	VPADDQ (0*32)(SP), Y0, Y0
	VPADDQ (1*32)(SP), Y1, Y1
	VPADDQ (2*32)(SP), Y2, Y2
	VPADDQ (3*32)(SP), Y3, Y3
	VPADDQ (4*32)(SP), Y4, Y4
	VPADDQ (5*32)(SP), Y5, Y5
	VPADDQ (6*32)(SP), Y6, Y6
	VPADDQ (7*32)(SP), Y7, Y7
	XORL   $1, DX
	JZ     done

	VMOVDQU      Y0, W(0)
	VMOVDQU      Y1, W(1)
	VMOVDQU      Y2, W(2)
	VMOVDQU      Y3, W(3)
	VMOVDQU      Y4, W(4)
	VMOVDQU      Y5, W(5)
	VMOVDQU      Y6, W(6)
	VMOVDQU      Y7, W(7)
	VPBROADCASTQ ·outerPadding+0(SB), Y8
	VPBROADCASTQ ·outerPadding+8(SB), Y9
	VPXOR        Y10, Y10, Y10
	VMOVDQU      Y8, W(8)
	VMOVDQU      Y10, W(9)
	VMOVDQU      Y10, W(10)
	VMOVDQU      Y10, W(11)
	VMOVDQU      Y10, W(12)
	VMOVDQU      Y10, W(13)
	VMOVDQU      Y10, W(14)
	VMOVDQU      Y9, W(15)
	STATE(64)
	JMP          rounds

done:
	TRANSPOSE(Y0, Y1, Y2, Y3, Y8, Y9, Y10, Y11)
	TRANSPOSE(Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11)
	VBROADCASTI128 ·wordOrder(SB), Y15
	VPSHUFB        Y15, Y0, Y0
	VPSHUFB        Y15, Y1, Y1
	VPSHUFB        Y15, Y2, Y2
	VPSHUFB        Y15, Y3, Y3
	VPSHUFB        Y15, Y4, Y4
	VPSHUFB        Y15, Y5, Y5
	VPSHUFB        Y15, Y6, Y6
	VPSHUFB        Y15, Y7, Y7
	VMOVDQU        Y0, 0(DI)
	VMOVDQU        Y4, 32(DI)
	VMOVDQU        Y1, 64(DI)
	VMOVDQU        Y5, 96(DI)
	VMOVDQU        Y2, 128(DI)
	VMOVDQU        Y6, 160(DI)
	VMOVDQU        Y3, 192(DI)
	VMOVDQU        Y7, 224(DI)

	// The states of the keys do not stay on the stack.
	VPXOR   Y0, Y0, Y0
	VMOVDQU Y0, (0*32)(SP)
	VMOVDQU Y0, (1*32)(SP)
	VMOVDQU Y0, (2*32)(SP)
	VMOVDQU Y0, (3*32)(SP)
	VMOVDQU Y0, (4*32)(SP)
	VMOVDQU Y0, (5*32)(SP)
	VMOVDQU Y0, (6*32)(SP)
	VMOVDQU Y0, (7*32)(SP)
	VZEROUPPER
	RET
