// A program with bare UDP sockets that does as it is told, one JSON line at a time: what a NAT does is measured with
// nothing of ours in between. Arguments: HOST:PORT for each socket to open (port 0: any). Plain JavaScript, so that it
// runs without being built.
//
//   in    {"socket": number, "host": string, "port": number, "hex": string}      send
//         {"open": "HOST:PORT"}                                                  one more socket
//   out   {"event": "open", "socket", "host", "port"}
//         {"event": "received", "socket", "host", "port", "hex"}

import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'

const sockets = []
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)

function open(where) {
  const [host, port] = where.split(':')
  const number = sockets.length
  const socket = createSocket('udp4')
  sockets.push(socket)
  socket.on('message', (message, from) =>
    say({
      event: 'received',
      socket: number,
      host: from.address,
      port: from.port,
      hex: message.toString('hex'),
    }),
  )
  socket.on('error', () => {}) // a destination that cannot be reached: nothing comes back, which is what is measured
  socket.bind(Number(port), host, () => {
    const { address, port: bound } = socket.address()
    say({ event: 'open', socket: number, host: address, port: bound })
  })
}

for (const where of process.argv.slice(2)) open(where)

const lines = createInterface(process.stdin)
lines.on('line', (line) => {
  const command = JSON.parse(line)
  if (command.open) open(command.open)
  else sockets[command.socket].send(Buffer.from(command.hex, 'hex'), command.port, command.host, () => {})
})
lines.on('close', () => process.exit(0))
