// A Word document, as small as one can be: a zip archive with three parts that are not packed.

import { crc32 } from "node:zlib";

const PARTS = (paragraphs) => ({
  "[Content_Types].xml":
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
  "_rels/.rels":
    '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
  "word/document.xml":
    '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>' +
    paragraphs.map((text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`).join("") +
    "</w:body></w:document>",
});

/** What the archive says of a part, before it and again at its end (APPNOTE 4.3.7 and 4.3.12): version, flags (names are UTF-8), no packing. */
function facts(name, bytes) {
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(20, 0);
  facts.writeUInt16LE(0x0800, 2);
  facts.writeUInt16LE(0x21, 8);
  facts.writeUInt32LE(crc32(bytes), 10);
  facts.writeUInt32LE(bytes.length, 14);
  facts.writeUInt32LE(bytes.length, 18);
  facts.writeUInt16LE(Buffer.byteLength(name), 22);
  return facts;
}

/** The bytes of a .docx with these paragraphs. */
export function wordDocument(paragraphs) {
  const [local, central] = [[], []];
  let place = 0;
  for (const [name, text] of Object.entries(PARTS(paragraphs))) {
    const bytes = Buffer.from(text);
    const said = facts(name, bytes);
    const part = [Buffer.from("PK\x03\x04"), said, Buffer.from(name), bytes];
    const where = Buffer.alloc(14);
    where.writeUInt32LE(place, 10);
    central.push(Buffer.from("PK\x01\x02\x14\x00"), said, where, Buffer.from(name));
    local.push(...part);
    place += Buffer.concat(part).length;
  }
  const [parts, index] = [Buffer.concat(local), Buffer.concat(central)];
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(3, 8);
  end.writeUInt16LE(3, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(parts.length, 16);
  return Buffer.concat([parts, index, end]);
}
