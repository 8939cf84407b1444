/**
 * Layouts of the ROOT classes that we write: what a file's StreamerInfo record says of them, with ROOT's own checksums.
 *
 * A member is `type name` as in C++. `T*` is a pointer that may be null, `T->` one that never is, `T*[n]` an array whose
 * length is member `n`, `counter` an int that is such a length, `enum E` an int, `bits` TObject's status word.
 * Source: the StreamerInfo records of files that ROOT 6.18 to 6.26 wrote; a test compares each line with them.
 */
export interface ClassLayout {
  readonly name: string;
  readonly version: number;
  readonly checksum: number;
  readonly bases: readonly string[];
  readonly members: readonly string[];
}

const layout = (name: string, version: number, checksum: number, bases: string, ...members: string[]): ClassLayout => ({
  name,
  version,
  checksum,
  bases: bases === '' ? [] : bases.split(' '),
  members: members.flatMap((line) => line.split('; ')),
});

const STYLE = 'TNamed TAttLine TAttFill TAttMarker';

const LAYOUTS: readonly ClassLayout[] = [
  layout('TObject', 1, 0x901bc02d, '', 'unsigned int fUniqueID; bits fBits'),
  layout('TNamed', 1, 0xdfb74a3c, 'TObject', 'TString fName; TString fTitle'),
  layout('TString', 2, 0x17419, ''),
  layout('TObjString', 1, 0x9c8e4800, 'TObject', 'TString fString'),
  layout('TCollection', 3, 0x57e3cb9c, 'TObject', 'TString fName; int fSize'),
  layout('TSeqCollection', 0, 0xfc6c3bc6, 'TCollection'),
  layout('TList', 5, 0x69c5c3bb, 'TSeqCollection'),
  layout('THashList', 0, 0xcc7e49c1, 'TList'),
  layout('TObjArray', 3, 0xa99e6552, 'TSeqCollection', 'int fLowerBound; int fLast'),
  layout('TArray', 1, 0x7021b2, '', 'counter fN'),
  layout('TArrayI', 1, 0xd9d571c7, 'TArray', 'int*[fN] fArray'),
  layout('TArrayF', 1, 0x5a0bf6f1, 'TArray', 'float*[fN] fArray'),
  layout('TArrayD', 1, 0x7139ef34, 'TArray', 'double*[fN] fArray'),
  layout('TAttLine', 2, 0x94074549, '', 'short fLineColor; short fLineStyle; short fLineWidth'),
  layout('TAttFill', 2, 0xffd92a92, '', 'short fFillColor; short fFillStyle'),
  layout('TAttMarker', 2, 0x291d8bec, '', 'short fMarkerColor; short fMarkerStyle; float fMarkerSize'),
  layout('TAtt3D', 1, 0x757a, ''),
  layout(
    'TAttAxis',
    4,
    0x5c6fff3e,
    '',
    'int fNdivisions; short fAxisColor; short fLabelColor; short fLabelFont; float fLabelOffset; float fLabelSize',
    'float fTickLength; float fTitleOffset; float fTitleSize; short fTitleColor; short fTitleFont',
  ),
  layout(
    'TAxis',
    10,
    0x5a496e70,
    'TNamed TAttAxis',
    'int fNbins; double fXmin; double fXmax; TArrayD fXbins; int fFirst; int fLast; unsigned short fBits2',
    'bool fTimeDisplay; TString fTimeFormat; THashList* fLabels; TList* fModLabs',
  ),
  layout(
    'TH1',
    8,
    0x1c3740c4,
    STYLE,
    'int fNcells; TAxis fXaxis; TAxis fYaxis; TAxis fZaxis; short fBarOffset; short fBarWidth; double fEntries',
    'double fTsumw; double fTsumw2; double fTsumwx; double fTsumwx2; double fMaximum; double fMinimum',
    'double fNormFactor; TArrayD fContour; TArrayD fSumw2; TString fOption; TList-> fFunctions',
    'counter fBufferSize; double*[fBufferSize] fBuffer',
    'enum TH1::EBinErrorOpt fBinStatErrOpt; enum TH1::EStatOverflows fStatOverflows',
  ),
  layout('TH1F', 3, 0xe2939644, 'TH1 TArrayF'),
  layout('TH1D', 3, 0xf9b1569f, 'TH1 TArrayD'),
  layout('TH2', 5, 0x182347f, 'TH1', 'double fScalefactor; double fTsumwy; double fTsumwy2; double fTsumwxy'),
  layout('TH2F', 4, 0x689cc295, 'TH2 TArrayF'),
  layout('TH2D', 4, 0x7fba82f0, 'TH2 TArrayD'),
  layout(
    'TH3',
    6,
    0x42d2445f,
    'TH1 TAtt3D',
    'double fTsumwy; double fTsumwy2; double fTsumwxy; double fTsumwz; double fTsumwz2; double fTsumwxz; double fTsumwyz',
  ),
  layout('TH3F', 4, 0x4d9c3f2b, 'TH3 TArrayF'),
  layout('TH3D', 4, 0x64b9ff86, 'TH3 TArrayD'),
  layout(
    'TProfile',
    7,
    0x4bedee54,
    'TH1D',
    'TArrayD fBinEntries; enum EErrorType fErrorMode; double fYmin; double fYmax; double fTsumwy; double fTsumwy2',
    'TArrayD fBinSumw2',
  ),
  layout(
    'TGraph',
    4,
    0x5f7f465,
    STYLE,
    'counter fNpoints; double*[fNpoints] fX; double*[fNpoints] fY; TList* fFunctions; TH1F* fHistogram',
    'double fMinimum; double fMaximum',
  ),
  layout('ROOT::TIOFeatures', 1, 0x1aa12f10, '', 'unsigned char fIOBits'),
  // Its checksum by the rule of TStreamerInfo::GetCheckSum, which gives those of the others too.
  layout('TFriendElement', 2, 0x2771167d, 'TNamed', 'TString fTreeName; bool fOwnFile'),
  layout(
    'TTree',
    20,
    0x7264e07f,
    STYLE,
    'Long64_t fEntries; Long64_t fTotBytes; Long64_t fZipBytes; Long64_t fSavedBytes; Long64_t fFlushedBytes',
    'double fWeight; int fTimerInterval; int fScanField; int fUpdate; int fDefaultEntryOffsetLen',
    'counter fNClusterRange; Long64_t fMaxEntries; Long64_t fMaxEntryLoop; Long64_t fMaxVirtualSize',
    'Long64_t fAutoSave; Long64_t fAutoFlush; Long64_t fEstimate; Long64_t*[fNClusterRange] fClusterRangeEnd',
    'Long64_t*[fNClusterRange] fClusterSize; ROOT::TIOFeatures fIOFeatures; TObjArray fBranches; TObjArray fLeaves',
    'TList* fAliases; TArrayD fIndexValues; TArrayI fIndex; TVirtualIndex* fTreeIndex; TList* fFriends',
    'TList* fUserInfo; TBranchRef* fBranchRef',
  ),
  layout(
    'TBranch',
    13,
    0x10978aac,
    'TNamed TAttFill',
    'int fCompress; int fBasketSize; int fEntryOffsetLen; int fWriteBasket; Long64_t fEntryNumber',
    'ROOT::TIOFeatures fIOFeatures; int fOffset; counter fMaxBaskets; int fSplitLevel; Long64_t fEntries',
    'Long64_t fFirstEntry; Long64_t fTotBytes; Long64_t fZipBytes; TObjArray fBranches; TObjArray fLeaves',
    'TObjArray fBaskets; int*[fMaxBaskets] fBasketBytes; Long64_t*[fMaxBaskets] fBasketEntry',
    'Long64_t*[fMaxBaskets] fBasketSeek; TString fFileName',
  ),
  layout('TBranchRef', 1, 0x2360b3fd, 'TBranch', 'TRefTable* fRefTable'),
  layout(
    'TRefTable',
    3,
    0x8c895b85,
    'TObject',
    'int fSize; TObjArray* fParents; TObject* fOwner; vector<string> fProcessGUIDs',
  ),
  layout(
    'TLeaf',
    2,
    0x6d1e8152,
    'TNamed',
    'int fLen; int fLenType; int fOffset; bool fIsRange; bool fIsUnsigned; TLeaf* fLeafCount',
  ),
  layout('TLeafO', 1, 0x2ae48d3, 'TLeaf', 'bool fMinimum; bool fMaximum'),
  layout('TLeafB', 1, 0xf1e4b5e, 'TLeaf', 'char fMinimum; char fMaximum'),
  layout('TLeafS', 1, 0x150ceecf, 'TLeaf', 'short fMinimum; short fMaximum'),
  layout('TLeafI', 1, 0x7e6aae19, 'TLeaf', 'int fMinimum; int fMaximum'),
  layout('TLeafL', 1, 0xde320862, 'TLeaf', 'Long64_t fMinimum; Long64_t fMaximum'),
  layout('TLeafF', 1, 0x3add9d72, 'TLeaf', 'float fMinimum; float fMaximum'),
  layout('TLeafD', 1, 0x118e8776, 'TLeaf', 'double fMinimum; double fMaximum'),
  layout('TLeafC', 1, 0xfbe3b2f3, 'TLeaf', 'int fMinimum; int fMaximum'),
];

const BY_NAME: ReadonlyMap<string, ClassLayout> = new Map(LAYOUTS.map((one) => [one.name, one]));

export const classLayout = (name: string): ClassLayout | undefined => BY_NAME.get(name);

/** The classes, their bases and the classes of their members, each once, in the order of first need. */
export function layoutsFor(classNames: Iterable<string>): ClassLayout[] {
  const found = new Map<string, ClassLayout>();
  const visit = (name: string): void => {
    const one = BY_NAME.get(name);
    if (one === undefined || found.has(name)) return;
    found.set(name, one);
    for (const base of one.bases) visit(base);
    for (const member of one.members) visit(/^[\w:]+/.exec(member)?.[0] ?? '');
  };
  for (const name of classNames) visit(name);
  return [...found.values()];
}
