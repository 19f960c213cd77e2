/**
 * Memory of the symbolic run: what was there before, and the writes since.
 *
 * A word that was there before is a variable for each frame that is asked for; frames that may be
 * the same hold the same word, which `listAgreements` says as premises. No array theory is needed:
 * a step makes one access.
 */

import { and, equal, implies, integerVariable, ite, toTerm } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';

/** A word and the label of its writer. */
export interface Cell {
  readonly word: Term;
  readonly writer: Term;
}

/** Contents before the step: gives a frame's cell. */
export interface MemoryBase {
  readonly read: (frame: Term) => Cell;
  /** Premises: one frame holds one word. */
  readonly listAgreements: () => Term[];
  /** Frames that were asked for, with their cells. */
  readonly listCells: () => (readonly [Term, Cell])[];
}

/** Memory as the writes that were made, latest first. */
export class MemoryLog {
  readonly base: MemoryBase;
  readonly latest: { readonly frame: Term; readonly cell: Cell; readonly before: MemoryLog } | null;

  constructor(base: MemoryBase, latest: MemoryLog['latest'] = null) {
    this.base = base;
    this.latest = latest;
  }

  /** The memory after a write. */
  write(frame: Term, cell: Cell): MemoryLog {
    return new MemoryLog(this.base, { frame, cell, before: this });
  }

  /** The cell of a frame. */
  read(frame: Term): Cell {
    if (this.latest === null) return this.base.read(frame);
    const same = equal(frame, this.latest.frame);
    const { cell, before } = this.latest;
    if (same === toTerm(true)) return cell;
    if (same === toTerm(false)) return before.read(frame);
    const other = before.read(frame);
    return {
      word: ite(same, cell.word, other.word),
      writer: ite(same, cell.writer, other.writer),
    };
  }
}

/**
 * Memory with any contents: `name` is the prefix of its variables, and `makeWriter` gives the label
 * of a cell from the name of its variable.
 */
export function createMemoryBase(name: string, makeWriter: (name: string) => Term): MemoryBase {
  const cells = new Map<Term, Cell>();
  return {
    read(frame) {
      const known = cells.get(frame);
      if (known !== undefined) return known;
      const index = cells.size;
      const cell = {
        word: integerVariable(`${name}.word${index}`),
        writer: makeWriter(`${name}.writer${index}`),
      };
      cells.set(frame, cell);
      return cell;
    },
    listAgreements() {
      const agreements: Term[] = [];
      const list = [...cells];
      for (const [index, [frame, cell]] of list.entries()) {
        for (const [other, earlier] of list.slice(0, index)) {
          const alike = and([equal(cell.word, earlier.word), equal(cell.writer, earlier.writer)]);
          agreements.push(implies(equal(frame, other), alike));
        }
      }
      return agreements;
    },
    listCells: () => [...cells],
  };
}
