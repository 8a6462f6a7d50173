// What the transport knows of a session, in words that a person can read.

import { type Health } from '../../preload/contract.ts'
import { byteSize } from './byte-size.ts'
import { counted } from './times.ts'

type Figures = NonNullable<Health['sessions'][number]['figures']>

const LAWS: Record<Figures['law'], string> = { bbr: 'BBR', cubic: 'CUBIC', ledbat: 'LEDBAT++' }

export function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** Of the packets sent: 0 %, less than 0.1 %, 1.4 %, 12 %. */
export function lossWords({ lostPackets, sentPackets }: Figures): string {
  if (lostPackets === 0 || sentPackets === 0) return '0 %'
  const percent = (100 * lostPackets) / sentPackets
  if (percent < 0.1) return '< 0.1 %'
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
}

/** Name, value, and what it means. */
export function detailsOf(figures: Figures): { label: string; value: string; hint: string }[] {
  const { pacingBytesPerSecond, sentPackets, receivedPackets, lostPackets } = figures
  const pace = pacingBytesPerSecond === null ? 'not known yet' : `${byteSize(pacingBytesPerSecond)}/s`
  return [
    {
      label: 'Least round trip',
      value: milliseconds(figures.leastRttMs),
      hint: 'With no queue on the way',
    },
    {
      label: 'It varies by',
      value: milliseconds(figures.rttVariationMs),
      hint: 'How much the round trip differs from one packet to the next',
    },
    {
      label: 'Window',
      value: byteSize(figures.windowBytes),
      hint: 'How much may be under way at once',
    },
    { label: 'Under way', value: byteSize(figures.bytesInFlight), hint: 'Sent and not yet acknowledged' },
    { label: 'Pace', value: pace, hint: 'How fast packets may leave' },
    {
      label: 'Packet size',
      value: `${figures.packetBytes.toLocaleString()} bytes`,
      hint: 'The largest that the path is known to carry (path MTU)',
    },
    {
      label: 'Lost',
      value: `${lostPackets.toLocaleString()} of ${counted(sentPackets, 'packet')}`,
      hint: 'Sent, and never acknowledged in time',
    },
    {
      label: 'Sent again',
      value: `${byteSize(figures.resentBytes)} in ${counted(figures.resentPackets, 'packet')}`,
      hint: 'What was in lost packets and still mattered',
    },
    { label: 'Received', value: counted(receivedPackets, 'packet'), hint: 'From this computer' },
    { label: 'Congestion control', value: LAWS[figures.law], hint: 'The rule that sets window and pace' },
  ]
}
