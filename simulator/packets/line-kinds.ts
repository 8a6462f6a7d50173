// Which lines people and volunteers have: rounded offers of providers, an assumption. The buffers hold what makes
// 0.1 to 0.5 s at the uplink's rate, as modems do that were not told better ("bufferbloat").

import { type SeededRandom } from '../kernel/seeded-random.ts'
import { type LineModel } from '../net/access-line.ts'

const MBIT = 1e6
const ETHERNET_MTU = 1500
/** RFC 2516: PPPoE takes 8 bytes of each frame. */
const PPPOE_MTU = 1492

const FIBRE: LineModel = {
  upBitsPerSecond: 100 * MBIT,
  downBitsPerSecond: 500 * MBIT,
  bufferBytes: 1_250_000,
  mtuBytes: ETHERNET_MTU,
}
const CABLE: LineModel = {
  upBitsPerSecond: 10 * MBIT,
  downBitsPerSecond: 100 * MBIT,
  bufferBytes: 250_000,
  mtuBytes: ETHERNET_MTU,
}
const DSL: LineModel = {
  upBitsPerSecond: 1 * MBIT,
  downBitsPerSecond: 16 * MBIT,
  bufferBytes: 64_000,
  mtuBytes: PPPOE_MTU,
}
const HOME_LINES = [FIBRE, CABLE, DSL]

/** A rented server, or an office. */
export const SERVER_LINE: LineModel = {
  upBitsPerSecond: 1000 * MBIT,
  downBitsPerSecond: 1000 * MBIT,
  bufferBytes: 12_500_000,
  mtuBytes: ETHERNET_MTU,
}

/** A third each. */
export function drawHomeLine(random: SeededRandom): LineModel {
  return HOME_LINES[random.below(HOME_LINES.length)]!
}
