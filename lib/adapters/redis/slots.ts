/** Slots of a Redis Cluster. */
const SLOTS = 16_384;

/** The slot of a key in a Redis Cluster: that of its hash tag if it has one, else that of all of it. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  return crc16(close > open + 1 ? key.slice(open + 1, close) : key) % SLOTS;
}

/** CRC16/XMODEM of a text: the one that Redis Cluster is specified with. The same in every process and version. */
export function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}
