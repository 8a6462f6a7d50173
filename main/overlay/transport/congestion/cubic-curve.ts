// The arithmetic of CUBIC (RFC 9438 §4), in segments and seconds as the RFC writes it: concave up to the window where loss
// began the last time, flat there, convex beyond it.

/** RFC 9438 §5.1: segments per second cubed. */
const C = 0.4
/** RFC 9438 §4.6: what a loss leaves of the window. */
export const CUBIC_BETA = 0.7
/** RFC 9438 §4.3: the growth that makes an additive law with this decrease as quick as Reno. */
export const RENO_FRIENDLY_ALPHA = (3 * (1 - CUBIC_BETA)) / (1 + CUBIC_BETA)

/** K: seconds from `window` segments until the curve is at `max` (RFC 9438 figure 2). */
export function cubicRiseSeconds(maxSegments: number, windowSegments: number): number {
  return Math.cbrt(Math.max(0, maxSegments - windowSegments) / C)
}

/** W_cubic(t) (RFC 9438 figure 1), in segments. */
export function cubicWindow(seconds: number, riseSeconds: number, maxSegments: number): number {
  return C * (seconds - riseSeconds) ** 3 + maxSegments
}

/** W_max after a loss: lower than the window was where it did not get back to the last one (RFC 9438 §4.7). */
export function convergedMax(windowSegments: number, lastMaxSegments: number): number {
  return windowSegments < lastMaxSegments ? (windowSegments * (1 + CUBIC_BETA)) / 2 : windowSegments
}
