// callgrind-file.ts: what valgrind's callgrind wrote of one thread: the instructions that each function executed itself.
//
// https://valgrind.org/docs/manual/cl-format.html: cost lines belong to the last `fn=`; the cost line behind a `calls=` is that
// of the function called, which has its own lines. Names are written once and then referred to by number.

/** Instructions by name. */
export type Instructions = ReadonlyMap<string, number>;

const NAME = /^(fl|fi|fe|fn|ob)=\((\d+)\)(?: (.*))?$/;
const COST = /^(?:[+-]?\d+|\*|0x[0-9a-f]+)((?: \d+)+)$/;

/** `nameAt` knows what is at an address for which callgrind has no name. */
export function readCallgrindFile(
  text: string,
  nameAt: (address: number) => string | undefined,
): Instructions {
  const names = new Map<string, string>();
  const instructions = new Map<string, number>();
  let current = '';
  let isOfCall = false;
  for (const line of text.split('\n')) {
    const [, kind, number, name] = NAME.exec(line) ?? [];
    if (kind !== undefined && number !== undefined) {
      if (kind !== 'fn') continue;
      if (name !== undefined) names.set(number, nameOf(name, nameAt));
      current = names.get(number) ?? '';
    } else if (line.startsWith('calls=')) {
      isOfCall = true;
    } else {
      const cost = COST.exec(line)?.[1];
      if (cost === undefined) {
        // Names of callees are given at the call and count from then on.
        const [, calleeNumber, callee] = /^cfn=\((\d+)\)(?: (.*))?$/.exec(line) ?? [];
        if (calleeNumber !== undefined && callee !== undefined)
          names.set(calleeNumber, nameOf(callee, nameAt));
        continue;
      }
      if (!isOfCall)
        instructions.set(current, (instructions.get(current) ?? 0) + Number(cost.trim().split(' ')[0]));
      isOfCall = false;
    }
  }
  return instructions;
}

function nameOf(name: string, nameAt: (address: number) => string | undefined): string {
  // Functions that call themselves are written as several.
  const plain = name.replace(/'\d+$/, '');
  if (!plain.startsWith('0x')) return plain;
  return (
    nameAt(Number.parseInt(plain.slice(2), 16)) ?? 'code that V8 has made, or of a library without names'
  );
}
