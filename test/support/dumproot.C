/* A macro for ROOT, any version from 5: writes what a file holds as text, for comparing it with what was meant.
 *
 * usage: root -l -b -q 'dumproot.C("file.root", "out.txt")'
 * A line is tab-separated: the kind of line, the path, then values. Kinds: `object` (class, title), `numbers`, `texts`. Texts are
 * written as the hexadecimal digits of their bytes, floating point numbers with all their digits. */
#ifndef __CINT__
#include <stdio.h>
#include <string.h>
#include "TArrayD.h"
#include "TAxis.h"
#include "TClass.h"
#include "TFile.h"
#include "TFriendElement.h"
#include "TGraph.h"
#include "TH1.h"
#include "TKey.h"
#include "TLeaf.h"
#include "TObjString.h"
#include "TProfile.h"
#include "TROOT.h"
#include "TTree.h"
#endif

FILE *out = 0;

void line(const char *kind, const TString &path, const char *what) {
  fprintf(out, "%s\t%s%s%s", kind, path.Data(), what[0] ? "/" : "", what);
}
void number(double value) { fprintf(out, "\t%.17g", value); }
void text(const char *value) {
  int length = strlen(value);
  fprintf(out, "\t");
  for (int i = 0; i < length; i++) fprintf(out, "%02x", value[i] & 0xff);
}
void end() { fprintf(out, "\n"); }

void dumpAxis(const TString &path, const char *name, TAxis *axis) {
  line("numbers", path, name);
  for (int i = 1; i <= axis->GetNbins() + 1; i++) number(axis->GetBinLowEdge(i));
  end();
  line("texts", path, name);
  text(axis->GetTitle());
  end();
}

void dumpHistogram(const TString &path, TH1 *h) {
  int cells = h->GetNbinsX() + 2;
  if (h->GetDimension() > 1) cells *= h->GetNbinsY() + 2;
  if (h->GetDimension() > 2) cells *= h->GetNbinsZ() + 2;
  dumpAxis(path, "x", h->GetXaxis());
  dumpAxis(path, "y", h->GetYaxis());
  dumpAxis(path, "z", h->GetZaxis());
  line("numbers", path, "contents");
  for (int i = 0; i < cells; i++) number(h->GetBinContent(i));
  end();
  if (!h->InheritsFrom("TProfile")) {
    line("numbers", path, "errors");
    for (int j = 0; j < cells; j++) number(h->GetBinError(j));
    end();
  }
  line("numbers", path, "sumw2");
  for (int k = 0; k < h->GetSumw2N(); k++) number(h->GetSumw2()->At(k));
  end();
  double stats[20];
  for (int s = 0; s < 20; s++) stats[s] = 0;
  h->GetStats(stats);
  line("numbers", path, "stats");
  number(h->GetEntries());
  for (int t = 0; t < 13; t++) number(stats[t]);
  end();
  if (h->InheritsFrom("TProfile")) {
    TProfile *profile = (TProfile *)h;
    line("numbers", path, "bin-entries");
    for (int b = 0; b < cells; b++) number(profile->GetBinEntries(b));
    end();
  }
}

void dumpLeaf(const TString &path, TTree *tree, TLeaf *leaf) {
  TBranch *branch = leaf->GetBranch();
  TLeaf *counter = leaf->GetLeafCount();
  TString type = leaf->GetTypeName();
  bool isText = strcmp(leaf->ClassName(), "TLeafC") == 0;
  TString name = TString(leaf->GetName()) + ":" + type;
  line(isText ? "texts" : "numbers", path, name.Data());
  Long64_t entries = tree->GetEntries();
  for (Long64_t entry = 0; entry < entries; entry++) {
    if (counter) counter->GetBranch()->GetEntry(entry);
    branch->GetEntry(entry);
    if (isText) {
      text((const char *)leaf->GetValuePointer());
      continue;
    }
    int length = leaf->GetLen();
    if (counter) fprintf(out, "\t[%d]", length);
    Long64_t *wide = (Long64_t *)leaf->GetValuePointer();
    ULong64_t *unsignedWide = (ULong64_t *)wide;
    for (int i = 0; i < length; i++) {
      // GetValue gives a double, which does not hold every integer of 64 bits.
      if (type == "Long64_t") fprintf(out, "\t%lld", wide[i]);
      else if (type == "ULong64_t") fprintf(out, "\t%llu", unsignedWide[i]);
      else number(leaf->GetValue(i));
    }
  }
  end();
}

void dumpTree(const TString &path, TTree *tree) {
  line("numbers", path, "entries");
  fprintf(out, "\t%lld", tree->GetEntries());
  end();
  line("texts", path, "user-info");
  for (int u = 0; u < tree->GetUserInfo()->GetSize(); u++) text(tree->GetUserInfo()->At(u)->GetName());
  end();
  line("texts", path, "friends");
  TList *friends = tree->GetListOfFriends();
  for (int f = 0; friends && f < friends->GetSize(); f++) text(friends->At(f)->GetName());
  end();
  for (int i = 0; i < tree->GetListOfLeaves()->GetEntriesFast(); i++)
    dumpLeaf(path, tree, (TLeaf *)tree->GetListOfLeaves()->UncheckedAt(i));
}

void dumpDirectory(const TString &path, TDirectory *directory) {
  TList *keys = directory->GetListOfKeys();
  for (int i = 0; i < keys->GetSize(); i++) {
    TKey *key = (TKey *)keys->At(i);
    TString name = path;
    if (path.Length() > 0) name += "/";
    name += key->GetName();
    name += ";";
    name += key->GetCycle();
    TObject *object = key->ReadObj();
    line("object", name, "");
    fprintf(out, "\t%s", key->GetClassName());
    text(object ? object->GetTitle() : "not read");
    end();
    if (!object) continue;
    if (object->InheritsFrom("TDirectory")) dumpDirectory(name, (TDirectory *)object);
    else if (object->InheritsFrom("TTree")) dumpTree(name, (TTree *)object);
    else if (object->InheritsFrom("TH1")) dumpHistogram(name, (TH1 *)object);
    else if (object->InheritsFrom("TGraph")) {
      TGraph *graph = (TGraph *)object;
      line("numbers", name, "points");
      for (int p = 0; p < graph->GetN(); p++) {
        number(graph->GetX()[p]);
        number(graph->GetY()[p]);
      }
      end();
    } else if (object->InheritsFrom("TObjString")) {
      line("texts", name, "text");
      text(((TObjString *)object)->GetString().Data());
      end();
    }
  }
}

void dumproot(const char *file, const char *output) {
  out = fopen(output, "w");
  line("object", "", "");
  fprintf(out, "\tROOT");
  text(gROOT->GetVersion());
  end();
  TFile *opened = TFile::Open(file);
  if (opened && !opened->IsZombie()) dumpDirectory("", opened);
  fclose(out);
}
