// Starts the page: Trunk says in a <meta> where it put the program (see Trunk.toml), under names that change with it.

const program = document.querySelector("meta[name='heartline-program']").dataset;

try {
  const { default: start } = await import(program.js);
  await start({ module_or_path: program.wasm });
  // Where the browser lets it (https, or this machine), the page opens without its server, too. Where it does not, nothing is lost.
  navigator.serviceWorker?.register(new URL("offline.js", document.baseURI)).catch(() => {});
} catch (error) {
  // Only what happens before the program runs arrives here; from then on it speaks for itself.
  const words = document.createElement("p");
  words.setAttribute("role", "alert");
  words.textContent = `Heartline could not start: ${error}. Reload the page; if that does not help, this browser may be too old for WebAssembly.`;
  document.body.append(words);
  throw error;
}
