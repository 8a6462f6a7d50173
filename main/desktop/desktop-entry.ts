// A .desktop file (Desktop Entry Specification 1.5). The Exec line has quoting rules of its own.

export function desktopEntry(name: string, comment: string, command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    `Name=${name}`,
    `Comment=${comment}`,
    `Exec=${command.map(quoteArgument).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}

/**
 * "The Exec key": arguments with reserved characters stand in double quotes, in which " ` $ and \ are escaped by a
 * backslash; a percent sign is doubled. The value is a string, so each backslash is doubled once more.
 */
export function quoteArgument(argument: string): string {
  const percent = argument.replaceAll('%', '%%')
  if (/^[A-Za-z0-9_./:=@%+-]+$/.test(percent)) return percent
  const quoted = `"${percent.replace(/["`$\\]/g, '\\$&')}"`
  return quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
