/** Offers text as a file: the browser's or the program's own "save as". */
export function saveText(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = fileName
  anchor.click()
  // The download has taken hold of the data by the next turn of the loop; a minute is generous.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
