// What is measured against Banyan, loaded from bench/node_modules: this file runs where it stands, unbundled, so that
// names are looked up from here. Banyan itself depends on none of it.

// libp2p 3 wants Node.js 22; of that, Node.js 20 lacks only this one function (ECMAScript 2024).
Promise.withResolvers ??= function withResolvers() {
  let resolve
  let reject
  const promise = new this((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}

export function loadPeer(name) {
  return import(name)
}
