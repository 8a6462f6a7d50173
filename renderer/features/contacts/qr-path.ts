/** A QR code as one SVG path of unit squares, runs of a row joined. Rejects where the text does not fit. */
export async function qrPath(text: string): Promise<{ path: string; modules: number }> {
  const { default: qrcode } = await import('qrcode-generator')
  // Level L: an invitation is long, and a screen has no dirt on it. More modules would only be harder to read.
  const code = qrcode(0, 'L')
  code.addData(text)
  code.make()
  const modules = code.getModuleCount()
  let path = ''
  for (let row = 0; row < modules; row += 1) {
    for (let column = 0; column < modules; column += 1) {
      if (!code.isDark(row, column)) continue
      const start = column
      while (column + 1 < modules && code.isDark(row, column + 1)) column += 1
      path += `M${start} ${row}h${column - start + 1}v1H${start}z`
    }
  }
  return { path, modules }
}
