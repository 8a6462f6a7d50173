// A session's trace as a qlog file (draft-ietf-quic-qlog-main-schema and -quic-events, the version 0.3 that qvis loads),
// in the form JSON-SEQ (RFC 7464), so that it can be written as it happens and is whole wherever it ends.
//
// Banyan's packets are told as QUIC's 1-RTT packets, and frames that QUIC has too by its names; qvis then draws its
// congestion and sequence diagrams from them. A frame of our own keeps our name, which readers pass over.

import { toHex } from '../base/bytes.ts'
import { type Address } from '../ports/datagram-socket.ts'
import { type Frame } from '../wire/packet-frames.ts'
import { type SessionEnd } from './session-end.ts'
import { type SessionFigures, type SessionTrace, type TracedSession } from './session-trace.ts'

const RECORD_SEPARATOR = '\u001e'

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json | undefined }

/** `write` gets one record at a time, complete with its separator and line end. */
export function qlogTrace(session: TracedSession, write: (record: string) => void): SessionTrace {
  const { startMs } = session
  const put = (json: Json): void => write(`${RECORD_SEPARATOR}${JSON.stringify(json)}\n`)
  const event = (nowMs: number, name: string, data: Json): void =>
    put({ time: rounded(nowMs - startMs), name, data })
  let told: Record<string, number> = {}
  put(head(session))
  return {
    packetSent: (number, bytes, frames, nowMs) =>
      event(nowMs, 'transport:packet_sent', packet(number, bytes, frames)),
    packetReceived: (number, bytes, frames, nowMs) =>
      event(nowMs, 'transport:packet_received', packet(number, bytes, frames)),
    packetLost: (number, trigger, nowMs) =>
      event(nowMs, 'recovery:packet_lost', { header: header(number), trigger }),
    probeTimeout: (nowMs) =>
      event(nowMs, 'recovery:loss_timer_updated', { timer_type: 'pto', event_type: 'expired' }),
    figures(figures, nowMs) {
      const all = metrics(figures)
      const news = Object.entries(all).filter(([name, value]) => told[name] !== value)
      told = all
      if (news.length > 0) event(nowMs, 'recovery:metrics_updated', Object.fromEntries(news))
    },
    mtuUpdated: (before, now, nowMs) => event(nowMs, 'connectivity:mtu_updated', { old: before, new: now }),
    keyUpdated(phase, isByUs, nowMs) {
      const trigger = isByUs ? 'local_update' : 'remote_update'
      for (const side of ['client', 'server'])
        event(nowMs, 'security:key_updated', { key_type: `${side}_1rtt_secret`, key_phase: phase, trigger })
    },
    pathUpdated: (state, address, nowMs) =>
      event(nowMs, 'connectivity:migration_state_updated', { new: state, path_remote: endpoint(address) }),
    closed: (end, nowMs) => event(nowMs, 'connectivity:connection_closed', closed(end)),
  }
}

function endpoint({ host, port }: Address): Json {
  return host.includes(':') ? { ip_v6: host, port_v6: port } : { ip_v4: host, port_v4: port }
}

/** Why it was, in the words the schema has for it. */
const TRIGGERS: Record<string, string> = {
  idle: 'idle_timeout',
  silent: 'idle_timeout',
  left: 'clean',
  'given-up': 'idle_timeout',
  'broken-rule': 'error',
  forged: 'error',
  'worn-out': 'error',
  overrun: 'error',
}

function closed({ cause, by, code, isApplication, reason }: SessionEnd): Json {
  return {
    owner: by === 'peer' ? 'remote' : 'local',
    [isApplication ? 'application_code' : 'connection_code']: code,
    reason: reason || cause,
    trigger: isApplication ? 'application' : (TRIGGERS[cause] ?? (code ? 'error' : 'clean')),
  }
}

function head({ peer, ownConnectionId, isInitiator, startWallMs }: TracedSession): Json {
  return {
    qlog_version: '0.3',
    qlog_format: 'JSON-SEQ',
    title: `Banyan session with ${peer}`,
    trace: {
      vantage_point: { name: 'banyan', type: isInitiator ? 'client' : 'server' },
      configuration: { time_offset: 0 },
      common_fields: {
        group_id: connectionIdText(ownConnectionId),
        protocol_type: ['BANYAN', 'QUIC'],
        time_format: 'relative',
        reference_time: startWallMs,
      },
    },
  }
}

/** As the endpoint's packets carry it. */
export function connectionIdText(id: number): string {
  return id.toString(16).padStart(8, '0')
}

function packet(number: number, bytes: number, frames: readonly Frame[]): Json {
  return { header: header(number), raw: { length: bytes }, frames: frames.map(frameJson) }
}

function header(number: number): Json {
  return { packet_type: '1RTT', packet_number: number }
}

function frameJson(frame: Frame): Json {
  switch (frame.type) {
    case 'ack': {
      const acked_ranges = frame.ranges.map(({ first, last }) => [first, last])
      return { frame_type: 'ack', ack_delay: frame.delayUs / 1000, acked_ranges }
    }
    case 'stream': {
      const { id, offset, isLast, data } = frame
      return { frame_type: 'stream', stream_id: id, offset, length: data.length, fin: isLast }
    }
    case 'max-data':
      return { frame_type: 'max_data', maximum: frame.limitBytes }
    case 'max-stream-data':
      return { frame_type: 'max_stream_data', stream_id: frame.id, maximum: frame.limitBytes }
    case 'close':
    case 'application-close':
      return {
        frame_type: 'connection_close',
        error_space: frame.type === 'close' ? 'transport' : 'application',
        error_code: frame.code,
        reason: frame.reason,
      }
    case 'max-streams':
      return { frame_type: 'max_streams', stream_type: 'bidirectional', maximum: frame.count }
    case 'reset-stream': {
      const { id, code, size } = frame
      return { frame_type: 'reset_stream', stream_id: id, error_code: code, final_size: size }
    }
    case 'stop-sending':
      return { frame_type: 'stop_sending', stream_id: frame.id, error_code: frame.code }
    case 'datagram':
      return { frame_type: 'datagram', length: frame.data.length }
    case 'path-challenge':
    case 'path-response':
      return { frame_type: frame.type.replace('-', '_'), data: toHex(frame.data) }
    default:
      return { frame_type: frame.type.replaceAll('-', '_') }
  }
}

/** The schema's names and units: milliseconds, bytes, bits per second; and two of our own, which it allows. */
function metrics(figures: SessionFigures): Record<string, number> {
  const { pacingRate } = figures
  return {
    smoothed_rtt: rounded(figures.rttMs),
    rtt_variance: rounded(figures.rttVariationMs),
    min_rtt: rounded(figures.leastRttMs),
    congestion_window: Math.round(figures.windowBytes),
    bytes_in_flight: figures.bytesInFlight,
    banyan_resent_packets: figures.resentPackets,
    banyan_resent_bytes: figures.resentBytes,
    ...(pacingRate !== undefined && { pacing_rate: Math.round(pacingRate * 8000) }),
  }
}

/** To microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
